"""Long work is limited."""

from __future__ import annotations

import asyncio

import pytest

from cart_service.carts.bulkhead import Bulkhead, TooMuchWork
from cart_service.carts.lines import Line
from cart_service.carts.operations import AddItem
from cart_service.carts.records import MergeStrategy, PendingMerge
from cart_service.carts.service import FEW_LINES, LONG_WRITES_AT_ONCE, LONG_WRITES_WAITING, CartWrite
from cart_service.merging.operations import TakeGuestCart
from tests.cart_service.memory import Replica
from tests.support.waiting import eventually


async def test_no_more_than_so_many_have_a_place_and_the_others_follow() -> None:
    bulkhead, busy, most = Bulkhead(2, 10), 0, 0

    async def work() -> None:
        nonlocal busy, most
        async with bulkhead.place():
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0)
            busy -= 1

    await asyncio.gather(*(work() for _ in range(12)), return_exceptions=False)
    assert (busy, most) == (0, 2)


async def test_a_turn_that_was_not_waited_for_is_given_to_the_next() -> None:
    bulkhead = Bulkhead(1, 1)
    async with bulkhead.place():
        waiting = asyncio.create_task(bulkhead.place().__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(TooMuchWork):
            await bulkhead.place().__aenter__()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with bulkhead.place():
        pass


async def test_writes_of_many_operations_take_turns_and_short_ones_do_not_wait(here: Replica) -> None:
    long = [AddItem("mug", 1)] * (FEW_LINES + 1)
    here.cache.stuck = True
    tasks = [
        asyncio.create_task(here.service.writer.write(CartWrite(f"user-{number}", long)))
        for number in range(LONG_WRITES_AT_ONCE + LONG_WRITES_WAITING)
    ]
    await eventually(lambda: here.cache.writes == LONG_WRITES_AT_ONCE)
    with pytest.raises(TooMuchWork):
        await here.service.writer.write(CartWrite("one-more", long))
    here.cache.stuck = False
    assert (await here.service.writer.write(CartWrite("ann", long[:1]))).cart.quantity_of("mug") == 1
    assert here.carts.writes == LONG_WRITES_AT_ONCE + 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await here.service.writer.write(CartWrite("one-more", long))).cart.quantity_of("mug") == len(long)


def test_a_write_is_long_for_what_it_changes_not_for_how_it_is_asked() -> None:
    lines = tuple(Line(f"p{number}", 1, 100, "2026-01-01T00:00:00.000Z") for number in range(FEW_LINES + 1))
    pending = PendingMerge("m1", "ann", MergeStrategy.SUM, "2026-01-01T00:00:00.000Z", lines)
    assert CartWrite("ann", [TakeGuestCart("guest", pending, MergeStrategy.SUM)]).is_long
    assert not CartWrite("ann", [AddItem("mug", 1)] * FEW_LINES).is_long
