"""A mapping stays within its memory, and so do the users of a budget."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from shared.bounded import BoundedMapping, ByteBudget, SharedBudget

keys = st.sampled_from("abcdef")
puts = st.lists(st.tuples(keys, st.integers(0, 60)), max_size=30)


@given(puts)
def test_it_never_holds_more_bytes_than_it_may(puts: list[tuple[str, int]]) -> None:
    kept: BoundedMapping[int] = BoundedMapping(100)
    for key, size in puts:
        kept.put(key, size, size)
        assert kept.held_bytes == sum(kept.get(it, is_use=False) or 0 for it in "abcdef") <= 100
        assert (key in kept) == (size <= 100)


def test_the_least_recently_used_goes_first() -> None:
    kept: BoundedMapping[str] = BoundedMapping(3)
    for key in "abc":
        kept.put(key, key, 1)
    assert (kept.get("a"), kept.get("b", is_use=False), kept.get("x")) == ("a", "b", None)
    kept.put("d", "d", 1)
    assert [key for key in "abcd" if key in kept] == ["a", "c", "d"]


def test_it_holds_no_more_values_than_it_may() -> None:
    kept: BoundedMapping[str] = BoundedMapping(100, 2)
    for key in "abc":
        kept.put(key, key, 1)
    assert (len(kept), "a" in kept) == (2, False)


def test_a_value_larger_than_everything_is_not_kept() -> None:
    kept: BoundedMapping[str] = BoundedMapping(10)
    kept.put("a", "small", 1)
    kept.put("a", "large", 11)
    assert (len(kept), kept.held_bytes) == (0, 0)


def test_what_is_dropped_makes_room() -> None:
    kept: BoundedMapping[str] = BoundedMapping(10)
    kept.put("a", "a", 9)
    kept.drop("a")
    kept.drop("a")
    kept.put("b", "b", 9)
    assert (kept.get("b", is_use=False), kept.held_bytes) == ("b", 9)
    kept.clear()
    assert (len(kept), kept.held_bytes) == (0, 0)


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
