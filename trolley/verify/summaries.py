"""Cached summaries of carts against fresh ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from cart_service.bootstrap import OperatorTools
from cart_service.carts.summaries import cache_key
from shared.cache.ports import Cache, CacheUnavailable
from trolley.verify.findings import Finding


class SummariesCheck:
    """A replica that serves a summary from Redis serves the right one. What every replica would refuse is no
    disagreement. A wrong one is dropped; the next request builds it again."""

    name = "cached summaries"

    def __init__(self, carts: OperatorTools, cache: Cache) -> None:
        self._carts = carts
        self._cache = cache

    async def keys(self) -> AsyncIterator[str]:
        prefix = cache_key("")
        async for key in self._cache.scan(prefix):
            yield key.removeprefix(prefix)

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        faults = await asyncio.gather(*map(self._carts.service.inspection.find_fault, keys))
        if not self._cache.available:
            raise CacheUnavailable("Redis has stopped to answer (REDIS_URL).")
        return [Finding(self.name, owner, fault) for owner, fault in zip(keys, faults, strict=True) if fault]

    async def fix(self, finding: Finding) -> None:
        await self._carts.service.inspection.drop(finding.what)
