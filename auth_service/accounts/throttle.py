"""Throttling of sign-ins and sign-ups, counted in Redis for all replicas."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter
from limits.errors import StorageError
from prometheus_client import Counter
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.errors import TooManyRequests, Unavailable
from shared.observability.logging import get_logger
from shared.observability.metrics import REGISTRY

_log = get_logger(__name__)
_ANSWER_SECONDS = 0.5
_PREFIX = "auth:failures"
_ATTEMPTS_AT_ONCE = 2
"""Attempts of one account. They count while they run, so more could refuse a right password."""
SIGN_INS_THROTTLED = Counter(
    "auth_sign_ins_throttled_total",
    "Sign-ins refused after too many failures, by account or client, and sign-ups after too many.",
    ["by"],
    registry=REGISTRY,
)
THROTTLE_UNAVAILABLE = Counter(
    "auth_throttle_unavailable_total",
    "Sign-ins and sign-ups that were let through uncounted, as Redis was away.",
    registry=REGISTRY,
)


class RedisThrottle:
    """A moving window of attempts to sign in. An attempt counts before its password is checked. So the number
    of checks keeps the limit, however many attempts arrive at once and at however many replicas. A successful
    attempt is subtracted again, so frequent sign-ins are never refused.

    While Redis is away, every attempt passes, and is logged and counted.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        failures_per_account: int,
        failures_per_client: int,
        window_seconds: int,
        sign_ups_per_minute: int,
    ) -> None:
        """The window is that of the failures. With 0 `sign_ups_per_minute` sign-ups have no limit."""
        connections = _connections(redis_url)
        self._redis = Redis(connection_pool=connections)
        storage = RedisStorage(
            f"async+{redis_url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix=_PREFIX,
            connection_pool=connections,
        )
        self._window = MovingWindowRateLimiter(storage)
        self._limits: dict[str, RateLimitItem] = {
            "account": RateLimitItemPerSecond(failures_per_account, window_seconds),
            "client": RateLimitItemPerSecond(failures_per_client, window_seconds),
        }
        self._minute = FixedWindowRateLimiter(storage)
        self._sign_ups = RateLimitItemPerMinute(sign_ups_per_minute) if sign_ups_per_minute else None
        self._attempts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def attempt(self, account: str, client: str) -> AsyncIterator[None]:
        attempts = self._attempts.setdefault(account, asyncio.Semaphore(_ATTEMPTS_AT_ONCE))
        async with attempts:
            counted: list[tuple[str, str]] = []
            try:
                for kind, key in (("account", account), ("client", client)):
                    if await self._hit(self._window, self._limits[kind], kind, key):
                        counted.append((kind, key))
                yield
            except (Unavailable, TooManyRequests):
                await self._take_back(counted)
                raise
            await self._take_back(counted)

    async def sign_up(self, client: str) -> None:
        if self._sign_ups is not None:
            await self._hit(self._minute, self._sign_ups, "sign-up", client)

    async def close(self) -> None:
        await self._redis.connection_pool.aclose()

    async def _hit(self, limiter: RateLimiter, limit: RateLimitItem, kind: str, key: str) -> bool:
        """Whether it was counted. Raises `TooManyRequests`."""
        try:
            if await limiter.hit(limit, kind, key):
                return True
            free_at = (await limiter.get_window_stats(limit, kind, key)).reset_time
        except StorageError as error:
            self._uncounted(error)
            return False
        SIGN_INS_THROTTLED.labels(kind).inc()
        raise _too_many(kind, free_at - time.time())

    async def _take_back(self, counted: list[tuple[str, str]]) -> None:
        """Removes the newest time from each window, which is a list of times. It may be that of another
        running attempt, but those hardly differ."""
        try:
            for kind, key in counted:
                await self._redis.lpop(f"{_PREFIX}:{self._limits[kind].key_for(kind, key)}")
        except (RedisError, OSError) as error:
            self._uncounted(error)

    def _uncounted(self, error: Exception) -> None:
        THROTTLE_UNAVAILABLE.inc()
        _log.warning("sign-ins are not counted: REDIS_URL does not answer", error=str(error))


def _connections(redis_url: str) -> Any:  # `limits` declares only plain option values
    return ConnectionPool.from_url(
        redis_url,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _too_many(kind: str, wait: float) -> TooManyRequests:
    seconds = max(1, math.ceil(wait))
    what = "new accounts and guests from this address" if kind == "sign-up" else "failed sign-ins"
    return TooManyRequests(f"Too many {what}. Try again in {seconds} seconds.", retry_after=seconds)
