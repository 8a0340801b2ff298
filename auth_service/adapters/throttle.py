"""Sign-in throttling, counted in Redis for all replicas."""

from __future__ import annotations

import math
import time
from typing import Any

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from auth_service.adapters.metrics import SIGN_INS_THROTTLED, THROTTLE_UNAVAILABLE
from shared.errors import TooManyRequests
from shared.observability.logging import get_logger

_log = get_logger(__name__)
_ANSWER_SECONDS = 0.5


class RedisSignInThrottle:
    """A moving window of failures per account and per client address. A success costs nothing, so a person
    who signs in often is never refused, and a correct password after few failures works at once.

    While Redis is away nobody is refused: that is logged and counted.
    """

    def __init__(self, redis_url: str, *, per_account: int, per_client: int, window_seconds: int) -> None:
        self._connections = _connections(redis_url)
        storage = RedisStorage(
            f"async+{redis_url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="auth:failures",
            connection_pool=self._connections,
        )
        self._window = MovingWindowRateLimiter(storage)
        self._limits: dict[str, RateLimitItem] = {
            "account": RateLimitItemPerSecond(per_account, window_seconds),
            "client": RateLimitItemPerSecond(per_client, window_seconds),
        }

    async def check(self, account: str, client: str) -> None:
        for kind, key in (("account", account), ("client", client)):
            free_at = await self._free_at(kind, key)
            if free_at is not None:
                SIGN_INS_THROTTLED.labels(kind).inc()
                raise _too_many(free_at - time.time())

    async def failed(self, account: str, client: str) -> None:
        try:
            await self._window.hit(self._limits["account"], "account", account)
            await self._window.hit(self._limits["client"], "client", client)
        except StorageError as error:
            self._uncounted(error)

    async def close(self) -> None:
        await self._connections.aclose()

    async def _free_at(self, kind: str, key: str) -> float | None:
        """When the next attempt is allowed, in seconds since 1970; None when it is allowed now."""
        try:
            stats = await self._window.get_window_stats(self._limits[kind], kind, key)
        except StorageError as error:
            self._uncounted(error)
            return None
        return None if stats.remaining > 0 else stats.reset_time

    def _uncounted(self, error: StorageError) -> None:
        THROTTLE_UNAVAILABLE.inc()
        _log.warning("sign-in failures are not counted: REDIS_URL does not answer", error=str(error))


def _connections(redis_url: str) -> Any:  # limits declares plain option values only
    return ConnectionPool.from_url(
        redis_url,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _too_many(wait: float) -> TooManyRequests:
    seconds = max(1, math.ceil(wait))
    return TooManyRequests(f"Too many failed sign-ins. Try again in {seconds} seconds.", retry_after=seconds)
