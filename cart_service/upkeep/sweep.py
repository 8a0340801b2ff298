"""Carts at the end of their life: removed in the background, and kept by those who look at them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog

from cart_service.carts.lifetimes import Lifetimes
from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository, ExpiringCarts, Lease
from shared.aggregates.coalescing import Change
from shared.clock import Clock, from_rfc3339, to_rfc3339
from shared.errors import Unavailable
from shared.observability.metrics import CARTS_EXPIRED

log = structlog.get_logger(__name__)

_BATCHES_PER_SWEEP = 50
_PAUSE_SECONDS = 0.1  # so that the store has time for shoppers
_RENEWAL_SECONDS = 1.0

OnRemoved = Callable[[Cart], Awaitable[None]]
ClearAway = Callable[[int], Awaitable[bool]]


class ExpirySweep:
    """Removes expired carts, one replica at a time, and then clears away what requests have left behind.
    `on_removed` gets each cart that was removed; `clear_away` gets how much to look at, and tells whether
    there is more."""

    def __init__(
        self,
        carts: ExpiringCarts,
        lease: Lease,
        on_removed: OnRemoved,
        clear_away: ClearAway,
        *,
        clock: Clock,
        batch: int,
        interval_seconds: float,
    ) -> None:
        self._carts = carts
        self._lease = lease
        self._on_removed = on_removed
        self._clear_away = clear_away
        self._clock = clock
        self._batch = batch
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Sweeps again and again, without end."""
        while True:
            await asyncio.sleep(self._interval_seconds * random.uniform(0.75, 1.25))
            try:
                await self.sweep()
            except Unavailable as error:
                log.info("expired carts wait", reason=error.detail)
            except Exception:  # it must go on: nobody else removes them
                log.exception("expired carts could not be removed")

    async def sweep(self) -> int:
        """How many carts it removed: none while another replica sweeps, or NATS is away, and no more than
        some batches at a time. Raises `StoreUnavailable`."""
        if not await self._lease.hold():
            return 0
        removed = await self._remove_expired()
        for _ in range(_BATCHES_PER_SWEEP):
            if not await self._lease.hold() or not await self._clear_away(self._batch):
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        return removed

    async def _remove_expired(self) -> int:
        now, removed, batches = self._clock.now(), 0, 0
        async for owners in self._carts.expired(now, self._batch):
            outcomes = await asyncio.gather(*(self._remove(owner, now) for owner in owners))
            removed, batches = removed + sum(outcomes), batches + 1
            await asyncio.sleep(_PAUSE_SECONDS)
            if batches == _BATCHES_PER_SWEEP or not await self._lease.hold():
                break
        if removed:
            log.info("expired carts removed", carts=removed)
        return removed

    async def _remove(self, owner: str, now: datetime) -> bool:
        cart = await self._carts.remove(owner, now)
        if cart is None:
            return False
        CARTS_EXPIRED.inc()
        try:
            await self._on_removed(cart)
        except Unavailable as error:  # the cart is gone all the same
            log.warning("a removed cart left something behind", owner=owner, reason=error.detail)
        return True


class Renewal:
    """Somebody who looks at a cart keeps it: where no more than half of its life is left, it begins anew. An
    empty cart is not worth a write."""

    def __init__(self, carts: CartRepository, lifetimes: Lifetimes, clock: Clock) -> None:
        self._carts = carts
        self._lifetimes = lifetimes
        self._clock = clock

    def begins_at(self, cart: Cart) -> datetime | None:
        """From when on a look keeps the cart, if that is not yet."""
        if cart.is_empty or cart.expires_at is None:
            return None
        begin = self._half_life_of(cart.expires_at, cart)
        return begin if begin > self._clock.now() else None

    async def renew(self, cart: Cart) -> Cart:
        """The cart, kept for longer if that is due: at most one write in half a life. Never raises: who reads
        is not concerned."""
        if not self._is_due(cart):
            return cart
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_RENEWAL_SECONDS):
                return replace(cart, expires_at=await self._carts.update(cart.owner, self._renewed))
        return cart

    def _renewed(self, cart: Cart | None) -> Change[Cart, str | None]:
        if cart is None or not self._is_due(cart):
            return Change(None, cart.expires_at if cart else None)
        end = to_rfc3339(self._lifetimes.end_of(cart, self._clock.now()))
        return Change(replace(cart, expires_at=end), end)

    def _is_due(self, cart: Cart) -> bool:
        if cart.is_empty:
            return False
        if cart.expires_at is None:  # written by a release that kept carts for ever
            return True
        return self._half_life_of(cart.expires_at, cart) <= self._clock.now()

    def _half_life_of(self, expires_at: str, cart: Cart) -> datetime:
        return from_rfc3339(expires_at) - self._lifetimes.of(cart) / 2
