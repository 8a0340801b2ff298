"""How many products the shop may have."""

from __future__ import annotations

import time
from collections.abc import Callable

from product_service.products.model import CatalogueFull
from product_service.products.ports import ProductEntryCounter
from shared.errors import Unavailable

_FRESH_SECONDS = 1.0


class Capacity:
    """Refuses new products past `limit`, deleted ones included: NATS and every cart replica keep an entry for
    each in memory.

    The number of entries is read at most once a second, and the products made since are added to it. So
    several replicas together may exceed the limit by what they make in one second.
    """

    def __init__(
        self, entries: ProductEntryCounter, limit: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._entries = entries
        self._limit = limit
        self._now = now
        self._count = 0
        self._read_at = float("-inf")

    async def refresh(self) -> None:
        """Reads the number of entries, unless it is known. While NATS is away the last one counts."""
        if self._now() - self._read_at < _FRESH_SECONDS:
            return
        self._read_at = self._now()
        try:
            self._count = await self._entries.count()
        except Unavailable:
            return

    def take(self) -> None:
        """Room for one more. Raises `CatalogueFull`."""
        if self._count >= self._limit:
            raise CatalogueFull(self._limit)
        self._count += 1
