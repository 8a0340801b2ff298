"""The cache on Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from shared.batching import Batcher, QueueFull, Weighing
from shared.bounded import ByteBudget
from shared.cache.commands import (
    DeleteKey,
    Get,
    Operation,
    Ping,
    SetIfNewer,
    bytes_of,
    command_of,
    read_cached,
)
from shared.cache.ports import Cached, CacheUnavailable
from shared.observability.logging import get_logger
from shared.observability.metrics import CACHE_BATCH_ITEMS, CACHE_FAILURES, CACHE_READS

log = get_logger(__name__)

TIMEOUT_SECONDS = 0.25
"""How long a request waits for the cache. Everything works without it."""

_PIPELINE_ITEMS = 128
_PIPELINE_BYTES = 2 * 2**20
_PIPELINES = 2
_QUEUE_LIMIT = 8192
_QUEUE_BYTES = 8 * 2**20
_SCAN_ITEMS = 500

_FAILURES = (RedisError, OSError, QueueFull)


class Circuit:
    """A circuit breaker. After a failure it admits one attempt every `probe_seconds` until one succeeds."""

    def __init__(self, probe_seconds: float) -> None:
        self._probe_seconds = probe_seconds
        self._probe_at = 0.0
        self.is_closed = True

    def admits(self) -> bool:
        """Returns whether to attempt an operation now. After a failure True makes the caller the probe."""
        if self.is_closed:
            return True
        now = time.monotonic()
        if now < self._probe_at:
            return False
        self._probe_at = now + self._probe_seconds
        return True

    def failed(self) -> bool:
        """Returns True for the first failure after a success."""
        first, self.is_closed = self.is_closed, False
        self._probe_at = time.monotonic() + self._probe_seconds
        return first

    def succeeded(self) -> bool:
        """Returns True for the first success after a failure."""
        first, self.is_closed = not self.is_closed, True
        return first


class RedisCache:
    """A `Cache`. Operations of one iteration of the event loop go to Redis in one pipeline.

    An operation takes about `timeout_seconds` at most. After a failure one operation every `probe_seconds`
    tries Redis, and all others answer at once.
    """

    def __init__(
        self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS, probe_seconds: float = 1.0
    ) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=None,  # the limit is for a pipeline, not for each of its answers
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            max_connections=_PIPELINES,
            driver_info=None,
        )
        self._timeout_seconds = timeout_seconds
        self._circuit = Circuit(probe_seconds)
        self._knows_script = False
        self._batcher: Batcher[Operation, Any] = Batcher(
            self._execute,
            max_items=_PIPELINE_ITEMS,
            max_in_flight=_PIPELINES,
            queue_limit=_QUEUE_LIMIT,
            weighing=Weighing(bytes_of, ByteBudget(_QUEUE_BYTES), _PIPELINE_BYTES),
        )

    @property
    def available(self) -> bool:
        return self._circuit.is_closed

    async def ping(self) -> bool:
        try:
            answer = await self._batcher.submit(Ping())
        except _FAILURES:
            return False
        return not isinstance(answer, Exception)

    async def get(self, key: str) -> Cached | None:
        answer = await self._submit(Get(key))
        if isinstance(answer, _FAILURES):
            CACHE_READS.labels("unavailable").inc()
            return None
        cached = read_cached(answer)
        CACHE_READS.labels("miss" if cached is None else "hit").inc()
        return cached

    async def set_if_newer(self, key: str, version: int, value: bytes, ttl_seconds: int) -> bool:
        return not isinstance(await self._submit(SetIfNewer(key, version, value, ttl_seconds)), _FAILURES)

    async def delete(self, key: str) -> bool:
        return not isinstance(await self._submit(DeleteKey(key)), _FAILURES)

    async def scan(self, prefix: str) -> AsyncIterator[str]:
        cursor, is_first = 0, True
        while cursor or is_first:
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    cursor, keys = await self._redis.scan(cursor, match=f"{prefix}*", count=_SCAN_ITEMS)
            except (RedisError, OSError) as error:
                self._note_failure(error)
                raise CacheUnavailable(f"Redis does not answer (REDIS_URL): {error}") from error
            is_first = False
            for key in keys:
                yield key.decode() if isinstance(key, bytes) else key

    async def close(self) -> None:
        await self._batcher.close()
        await self._redis.aclose()

    async def _submit(self, operation: Operation) -> Any:
        """The answer, or the exception."""
        if not self._circuit.admits():
            return OSError("the circuit is open")
        try:
            return await self._batcher.submit(operation)
        except _FAILURES as error:
            return error

    async def _execute(self, operations: Sequence[Operation]) -> Sequence[Any]:
        try:
            answers = await self._pipeline(operations, with_script=not self._knows_script)
            if any(isinstance(answer, NoScriptError) for answer in answers):
                answers = await self._pipeline(operations, with_script=True)
        except (RedisError, OSError) as error:
            self._knows_script = False  # Redis may come back empty
            self._note_failure(error)
            raise
        self._knows_script |= any(isinstance(operation, SetIfNewer) for operation in operations)
        self._note_answers(answers)
        return answers

    async def _pipeline(self, operations: Sequence[Operation], *, with_script: bool) -> list[Any]:
        CACHE_BATCH_ITEMS.observe(len(operations))
        async with self._redis.pipeline(transaction=False) as pipeline:
            for operation in operations:
                pipeline.execute_command(*command_of(operation, with_script=with_script))
            async with asyncio.timeout(self._timeout_seconds):
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    def _note_failure(self, error: Exception) -> None:
        CACHE_FAILURES.inc()
        if self._circuit.failed():
            log.warning("the cache is away", setting="REDIS_URL", reason=str(error))

    def _note_answers(self, answers: Sequence[Any]) -> None:
        if self._circuit.succeeded():
            log.info("the cache is back")
        refusal = next((answer for answer in answers if isinstance(answer, ResponseError)), None)
        if refusal is not None:
            CACHE_FAILURES.inc()
            log.warning("the cache refused", setting="REDIS_URL", reason=str(refusal))
