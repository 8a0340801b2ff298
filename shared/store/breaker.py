"""A circuit breaker before a store. While it is open, only its pings try the store, not the requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.observability.logging import get_logger
from shared.observability.metrics import STORE_AWAY
from shared.store.ports import StoreUnavailable

log = get_logger(__name__)


class StoreBreaker:
    """It is closed until a ping fails. While it is open, it refuses every request at once and sends one ping
    at a time. The first answer closes it.

    A failed request starts a ping, and so does every `slow_seconds` of waiting for an answer. A ping fails if
    the store answers nothing at all within `ping_seconds`, so a slow store stays in use.
    """

    def __init__(
        self,
        ping: Callable[[], Awaitable[None]],
        *,
        slow_seconds: float = 1.0,
        ping_seconds: float = 5.0,
        probe_seconds: float = 0.5,
    ) -> None:
        self._ping = ping
        self._slow_seconds = slow_seconds
        self._ping_seconds = ping_seconds
        self._probe_seconds = probe_seconds
        self._failure: StoreUnavailable | None = None
        self._under_way: set[asyncio.Timeout] = set()
        self._answers = 0
        self._pinging: asyncio.Task[StoreUnavailable | None] | None = None
        self._probing: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        return self._failure is None

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[None]:
        """The context of one request. Raises `StoreUnavailable` at once while the breaker is open. If the
        breaker opens during the request, it ends with `StoreUnavailable`: the outcome is unknown."""
        if self._failure is not None:
            raise StoreUnavailable(self._failure.detail)
        doubt = _Repeating(self._slow_seconds, self._suspect)
        try:
            async with asyncio.timeout(None) as limit:
                self._under_way.add(limit)
                try:
                    yield
                finally:
                    self._under_way.discard(limit)
            self._answers += 1
        except TimeoutError as error:
            reason = self._failure.detail if self._failure else "The store did not answer in time."
            raise StoreUnavailable(reason) from error
        except StoreUnavailable:
            self._suspect()
            raise
        finally:
            doubt.stop()

    async def ping(self) -> None:
        """Asks the store now. Concurrent callers share the answer. Raises `StoreUnavailable`, at once while
        the breaker is open."""
        if self._failure is not None:
            raise StoreUnavailable(self._failure.detail)
        failure = await asyncio.shield(self._suspect())
        if failure is not None:
            raise StoreUnavailable(failure.detail)

    async def close(self) -> None:
        tasks = [task for task in (self._probing, self._pinging) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _suspect(self) -> asyncio.Task[StoreUnavailable | None]:
        if self._pinging is None or self._pinging.done():
            self._pinging = asyncio.create_task(self._ask(), name="store-ping")
        return self._pinging

    async def _ask(self) -> StoreUnavailable | None:
        answers = self._answers
        try:
            async with asyncio.timeout(self._ping_seconds):
                await self._ping()
        except TimeoutError:
            if self._answers > answers:
                return None  # the store answers other requests
            failure = StoreUnavailable(f"The store does not answer a ping within {self._ping_seconds:g} s.")
        except StoreUnavailable as error:
            failure = error
        else:
            self._store_is_back()
            return None
        self._store_is_away(failure)
        return failure

    def _store_is_away(self, failure: StoreUnavailable) -> None:
        is_news, self._failure = self._failure is None, failure
        if not is_news:
            return
        log.warning("store away, requests are refused", reason=failure.detail)
        STORE_AWAY.set(1)
        under_way, self._under_way = self._under_way, set()
        now = asyncio.get_running_loop().time()
        for limit in under_way:
            limit.reschedule(now)
        self._probing = asyncio.create_task(self._probe(), name="store-probe")

    def _store_is_back(self) -> None:
        if self._failure is not None:
            log.info("store back")
            STORE_AWAY.set(0)
            self._failure = None

    async def _probe(self) -> None:
        while self._failure is not None:
            await asyncio.sleep(self._probe_seconds)
            await self._suspect()


class _Repeating:
    """Calls `action` every `seconds` until it is stopped."""

    def __init__(self, seconds: float, action: Callable[[], object]) -> None:
        self._seconds = seconds
        self._action = action
        self._schedule()

    def stop(self) -> None:
        self._timer.cancel()

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._run)

    def _run(self) -> None:
        self._action()
        self._schedule()
