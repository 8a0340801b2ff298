"""The cache as the services see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from shared.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Cached:
    """A cached value and the version it was made from."""

    version: int
    value: bytes


class CacheUnavailable(Unavailable):
    """The cache did not answer a caller that needs it."""

    code = "cache-unavailable"
    public_detail = "The shop cannot reach its cache. Try again shortly."


class Cache(Protocol):
    """A cache that may be empty, flushed or away at any moment; only `scan` raises then."""

    @property
    def available(self) -> bool:
        """False while the server is known to be away: reads answer None and writes are dropped."""
        ...

    async def ping(self) -> bool:
        """Returns whether the server answers, within about `get`'s time. It always asks."""
        ...

    async def get(self, key: str) -> Cached | None: ...

    async def set_if_newer(self, key: str, version: int, value: bytes, ttl_seconds: int) -> bool:
        """Stores the value unless one of a greater version is there, atomically. True when the cache now
        holds this version or a greater one; False when that is not known (the server is away)."""
        ...

    async def delete(self, key: str) -> bool:
        """True when the key is certainly gone."""
        ...

    def scan(self, prefix: str) -> AsyncIterator[str]:
        """The keys that begin so, read page by page; one may come twice. `prefix` has no wildcards. Raises
        `CacheUnavailable`."""
        ...
