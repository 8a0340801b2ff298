"""The limit of the number of products."""

from __future__ import annotations

import time
from collections.abc import Callable

from product_service.products.model import CatalogueFull
from product_service.products.ports import ProductEntryCounter
from shared.errors import Unavailable

_FRESH_SECONDS = 1.0


class Capacity:
    """Refuses new products beyond `limit`, with deleted ones included, because NATS and every cart replica
    keep an entry for each product in memory.

    The number of entries is read at most once a second, and products created since are added to it. So
    several replicas together can exceed the limit by the products that they create in one second.
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
        """Reads the number of entries if it is a second old. Without NATS the last number counts."""
        if self._now() - self._read_at < _FRESH_SECONDS:
            return
        self._read_at = self._now()
        try:
            self._count = await self._entries.count()
        except Unavailable:
            return

    def take(self) -> None:
        """Counts one more product. Raises `CatalogueFull`."""
        if self._count >= self._limit:
            raise CatalogueFull(self._limit)
        self._count += 1
