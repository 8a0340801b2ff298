"""The tallies that all replicas share, in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from auth_service.throttling.model import LEASE_SECONDS, Budget, Charge, Operation, Verdict
from auth_service.throttling.ports import TalliesUnavailable

_SCRIPT = (files("auth_service.throttling") / "tallies.lua").read_text()
_ANSWER_SECONDS = 2.0
"""Long enough that a flood, which holds the event loop, does not look like an outage."""
_CONNECTIONS = 16
_PREFIX = "auth:{throttle}:"
"""The braces keep all keys of a script on one node of a Redis cluster."""


class RedisTallies:
    """`Tallies` in Redis, by a script, so that attempts at all replicas are counted one after the other.
    Redis' clock counts. A key expires when all its failures are forgiven."""

    def __init__(self, redis_url: str, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._lease = _millis(lease_seconds)
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            driver_info=None,
        )
        self._connections = asyncio.Semaphore(_CONNECTIONS)
        self._script = self._redis.register_script(_SCRIPT)

    async def apply(self, operation: Operation, charges: Sequence[Charge]) -> Verdict:
        keys = [_PREFIX + charge.key for charge in charges]
        numbers = [number for charge in charges for number in _numbers(charge.budget)]
        try:
            async with self._connections:
                refusing, wait = await self._script(keys, [operation.value, self._lease, *numbers])
        except (RedisError, OSError) as error:
            raise TalliesUnavailable(str(error)) from error
        return Verdict(charges[refusing - 1].kind, wait / 1000) if refusing else Verdict()

    async def close(self) -> None:
        await self._redis.aclose()


def _numbers(budget: Budget) -> list[Any]:
    """The budget as the script expects it."""
    times = (budget.first_wait, budget.longest_wait, budget.forgiven_every)
    limits = (budget.limit(is_fresh=True), budget.remembered, int(budget.clears))
    return [budget.free, *map(_millis, times), *limits]


def _millis(seconds: float) -> int:
    return max(1, round(seconds * 1000))
