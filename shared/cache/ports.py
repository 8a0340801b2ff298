"""The cache as the services see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from shared.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Cached:
    """A cached value, and the version that it was made from."""

    version: int
    value: bytes


class CacheUnavailable(Unavailable):
    """The cache did not answer, and the caller needs it."""

    code = "cache-unavailable"
    public_detail = "The shop cannot reach its cache. Try again shortly."


class Cache(Protocol):
    """A cache. It may be empty, flushed or away at any moment; only `scan` raises then."""

    @property
    def available(self) -> bool:
        """False while the server is known to be away: reads answer None and writes are dropped."""
        ...

    async def ping(self) -> bool:
        """Asks the server, and returns whether it answers, within about the time of `get`."""
        ...

    async def get(self, key: str) -> Cached | None: ...

    async def set_if_newer(self, key: str, version: int, value: bytes, ttl_seconds: int) -> bool:
        """Stores the value, atomically, unless the cache has one of a greater version. Returns True if the
        cache has this version or a greater one; False if that is not known (the server is away)."""
        ...

    async def delete(self, key: str) -> bool:
        """Returns True if the key is certainly gone."""
        ...

    def scan(self, prefix: str) -> AsyncIterator[str]:
        """The keys with this prefix, read page by page. A key may come twice. `prefix` has no wildcards.
        Raises `CacheUnavailable`."""
        ...
