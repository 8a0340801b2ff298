"""Removes expired carts in the background."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from prometheus_client import Counter

from cart_service.carts.model import Cart
from cart_service.upkeep.ports import ExpiringCarts, Lease
from shared.clock import Clock
from shared.errors import Unavailable
from shared.observability.metrics import REGISTRY

log = structlog.get_logger(__name__)

CARTS_EXPIRED = Counter("carts_expired_total", "Carts removed at the end of their life.", registry=REGISTRY)

_BATCHES_PER_SWEEP = 50
_PAUSE_SECONDS = 0.1  # leaves the store time for shoppers

OnRemoved = Callable[[Cart], Awaitable[None]]
ClearAway = Callable[[int], Awaitable[bool]]


class ExpirySweep:
    """Removes expired carts, then abandoned reservations, on one replica at a time. `on_removed` gets each
    removed cart. `clear_away` gets the number of claims to check, and returns whether there are more."""

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
        """Sweeps repeatedly. It never returns."""
        while True:
            await asyncio.sleep(self._interval_seconds * random.uniform(0.75, 1.25))
            try:
                await self.sweep()
            except Unavailable as error:
                log.info("the sweep of expired carts failed, and is repeated", reason=error.detail)
            except Exception:  # it has to continue: nothing else removes them
                log.exception("expired carts could not be removed")

    async def sweep(self) -> int:
        """Removes a limited number of batches, and returns the number of removed carts: 0 while another
        replica sweeps, or NATS is not available. Raises `StoreUnavailable`."""
        if not await self._lease.acquire():
            return 0
        removed = await self._remove_expired()
        for _ in range(_BATCHES_PER_SWEEP):
            if not await self._lease.acquire() or not await self._clear_away(self._batch):
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        return removed

    async def _remove_expired(self) -> int:
        now, removed, batches = self._clock.now(), 0, 0
        async for owners in self._carts.expired(now, self._batch):
            outcomes = await asyncio.gather(*(self._remove(owner, now) for owner in owners))
            removed, batches = removed + sum(outcomes), batches + 1
            await asyncio.sleep(_PAUSE_SECONDS)
            if batches == _BATCHES_PER_SWEEP or not await self._lease.acquire():
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
        except Unavailable as error:  # the cart is removed anyway
            log.warning("the cleanup after a removed cart failed", owner=owner, reason=error.detail)
        return True
