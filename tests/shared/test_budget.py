"""Bytes that are shared."""

from __future__ import annotations

import asyncio

from shared.budget import ByteBudget, SharedBudget


def test_no_more_is_given_out_than_there_is() -> None:
    budget = ByteBudget(100)
    assert budget.take(60)
    assert not budget.take(41)
    assert budget.take(40)
    budget.give_back(60)
    assert budget.held_bytes == 40
    assert budget.take(60)


def test_what_is_larger_than_all_is_given_out_alone() -> None:
    budget = ByteBudget(100)
    assert budget.take(101)
    assert not budget.take(1)
    budget.give_back(101)
    assert budget.take(1)
    assert not budget.take(101)


async def test_who_waits_gets_bytes_once_they_are_back() -> None:
    budget = SharedBudget(100)
    await budget.wait_for(60)
    waiting = asyncio.create_task(budget.wait_for(50))
    await asyncio.sleep(0)
    assert not waiting.done()
    budget.give_back(60)
    await waiting
    assert budget.held_bytes == 50
