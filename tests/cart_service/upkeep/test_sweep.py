"""The sweep goes on, whatever happens to it; and a look at a cart succeeds, whatever its renewal does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from cart_service.carts.lifetimes import Lifetimes, Renewal
from cart_service.carts.lines import Line
from cart_service.carts.model import Cart
from cart_service.upkeep import sweep as expiry
from cart_service.upkeep.sweep import ClearAway, ExpirySweep
from shared.aggregates.change import Change
from shared.clock import SystemClock, to_rfc3339
from shared.errors import Unavailable
from shared.store.ports import StoreUnavailable
from tests.support.waiting import eventually

LONG_AGO = "2026-01-01T00:00:00.000Z"
LINES = {"mug": Line("mug", 1, 100, LONG_AGO)}


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between batches."""
    monkeypatch.setattr(expiry, "_PAUSE_SECONDS", 0)


class Carts:
    """Expired ones without end, or what is raised instead."""

    def __init__(self, failures: Sequence[Exception] = (), most: int = 1) -> None:
        self.failures = list(failures)
        self.left = most

    async def expired(self, before: datetime, batch: int) -> AsyncIterator[Sequence[str]]:
        if self.failures:
            raise self.failures.pop(0)
        while self.left:
            self.left -= 1
            yield ["ann"]

    async def remove(self, owner: str, before: datetime) -> Cart | None:
        return Cart(owner, 1)


class Mine:
    async def acquire(self) -> bool:
        return True


async def all_clear(_limit: int) -> bool:
    return False


def sweep_of(
    carts: Carts, on_removed: Callable[[Cart], Any], clear_away: ClearAway = all_clear
) -> ExpirySweep:
    clock = SystemClock()
    return ExpirySweep(carts, Mine(), on_removed, clear_away, clock=clock, batch=1, interval_seconds=0.01)


@asynccontextmanager
async def running(sweep: ExpirySweep) -> AsyncIterator[None]:
    task = asyncio.create_task(sweep.run())
    yield
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_goes_on_after_an_outage_and_after_the_unforeseen() -> None:
    removed: list[str] = []

    async def on_removed(cart: Cart) -> None:
        removed.append(cart.owner)

    carts = Carts([StoreUnavailable("away"), RuntimeError("unforeseen")])
    async with running(sweep_of(carts, on_removed)):
        await eventually(lambda: removed == ["ann"])
    assert carts.failures == []


async def test_a_cart_that_leaves_something_behind_counts_as_removed() -> None:
    async def on_removed(cart: Cart) -> None:
        raise Unavailable("Redis is away")

    assert await sweep_of(Carts(most=2), on_removed).sweep() == 2


@pytest.mark.usefixtures("no_pause")
async def test_one_sweep_takes_no_more_than_some_batches() -> None:
    async def on_removed(cart: Cart) -> None: ...

    assert await sweep_of(Carts(most=1000), on_removed).sweep() == 50


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("left", "looks"), [(3, 3), (1000, 50)])
async def test_it_clears_away_what_is_left_but_no_more_than_some_batches(left: int, looks: int) -> None:
    limits: list[int] = []

    async def on_removed(cart: Cart) -> None: ...

    async def clear_away(limit: int) -> bool:
        limits.append(limit)
        return len(limits) < left

    await sweep_of(Carts(most=0), on_removed, clear_away).sweep()
    assert limits == [1] * looks


class OneCart:
    """A repository of a cart that is gone, or of one that cannot be written."""

    def __init__(self, stored: Cart | None, failure: Exception | None = None) -> None:
        self.stored = stored
        self.failure = failure
        self.asked = 0

    async def update(self, id: str, change: Callable[[Cart | None], Change[Cart, Any]]) -> Any:
        self.asked += 1
        if self.failure:
            raise self.failure
        self.stored = change(self.stored).aggregate or self.stored


OLD = Cart("ann", 1, LINES, expires_at=LONG_AGO)
FRESH = replace(OLD, expires_at=to_rfc3339(SystemClock().now() + Lifetimes().user))


@pytest.mark.parametrize("stored", [None, FRESH])
async def test_a_renewal_that_came_too_late_changes_nothing(stored: Cart | None) -> None:
    carts = OneCart(stored)
    await Renewal(carts, Lifetimes(), SystemClock()).renew(OLD)
    assert (carts.asked, carts.stored) == (1, stored)


async def test_a_renewal_that_fails_is_nobodys_concern() -> None:
    carts = OneCart(OLD, StoreUnavailable("away"))
    await Renewal(carts, Lifetimes(), SystemClock()).renew(OLD)
    assert carts.asked == 1
