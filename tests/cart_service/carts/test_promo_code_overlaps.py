"""Every request, held or ended at every access to a store while others about the same use come and go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import product

import pytest

from shared.errors import ShopError
from tests.cart_service.lanes import Lane
from tests.cart_service.promo_world import PromoWorld

Act = Callable[[PromoWorld], Awaitable[None]]

ACTS: dict[str, Act] = {
    "put": lambda world: world.put("ann", "SPRING"),
    "put under a key": lambda world: world.put("ann", "SPRING", "k"),
    "put on a condition": lambda world: world.put("ann", "SPRING", conditional=True),
    "put another": lambda world: world.put("ann", "AUTUMN"),
    "take off": lambda world: world.take_off("ann"),
    "order": lambda world: world.order("ann", "SPRING", 1),
    "expire": lambda world: _much_later(world, world.expire("ann")),
    "delete": lambda world: world.delete("ann"),
    "audit": lambda world: _much_later(world, world.audit("SPRING")),
    "clear away": lambda world: _much_later(world, world.clear_away()),
}
STARTS: dict[str, Act] = {
    "without a cart": lambda world: _do(world, ()),
    "with the code": lambda world: _do(world, ("put",)),
    "after it was taken off": lambda world: _do(world, ("put", "take off")),
    "after a put died": lambda world: _die_while_putting(world),
}
MEANWHILE = [
    *((act,) for act in ACTS),
    *product(("put", "put under a key", "take off", "order"), ("take off", "order", "expire", "put another")),
]
MOST_ACCESSES = 9


async def _much_later(world: PromoWorld, act: Awaitable[None]) -> None:
    world.tick(timedelta(days=100))
    await act


async def _do(world: PromoWorld, acts: Sequence[str]) -> None:
    for act in acts:
        world.tick()
        with suppress(ShopError):
            await ACTS[act](world)
        world.check()


async def _die_while_putting(world: PromoWorld) -> None:
    """Before the use, which is counted, was confirmed."""
    await world.add("ann")
    put = Lane(_of(ACTS["put"](world)))
    await put.go_on(3)
    await put.die()


async def _overlap(first: str, start: str, accesses: int, meanwhile: Sequence[str], *, dies: bool) -> bool:
    """False when the first one was over before the others began."""
    world = PromoWorld({"SPRING": 2, "AUTUMN": None})
    await world.start()
    await STARTS[start](world)
    lane = Lane(_of(ACTS[first](world)))
    await lane.go_on(accesses)
    is_over = lane.is_over
    if dies:
        await lane.die()
    await _do(world, meanwhile)
    while not lane.is_over:
        world.tick()
        await lane.go_on()
        world.check()
    if not lane.task.cancelled():
        assert lane.task.exception() is None or isinstance(lane.task.exception(), ShopError)
    await world.check_end(an_order_died=dies and first == "order")
    return not is_over


async def _of(act: Awaitable[None]) -> None:
    await act


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("first", ACTS)
async def test_whoever_is_held_between_two_accesses_does_no_harm(first: str, start: str) -> None:
    for meanwhile in MEANWHILE:
        for accesses in range(MOST_ACCESSES):
            if not await _overlap(first, start, accesses, meanwhile, dies=False):
                break


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("first", ACTS)
async def test_whoever_dies_between_two_accesses_leaves_nothing_for_good(first: str, start: str) -> None:
    for meanwhile in ((), *((act,) for act in ACTS)):
        for accesses in range(MOST_ACCESSES):
            if not await _overlap(first, start, accesses, meanwhile, dies=True):
                break
