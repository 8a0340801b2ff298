"""Clears delivered events from documents that were quiet for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

from shared.observability.logging import get_logger

log = get_logger(__name__)

_AT_ONCE = 256


class DelayedClearing:
    """Awaits `clear` for each document, `quiet_seconds` after it was last scheduled."""

    def __init__(self, clear: Callable[[str], Awaitable[None]], quiet_seconds: float) -> None:
        self._clear = clear
        self._quiet_seconds = quiet_seconds
        self._due: dict[str, float] = {}  # in the order of their times
        self._scheduled = asyncio.Event()

    def schedule(self, document_id: str) -> None:
        self._due.pop(document_id, None)
        self._due[document_id] = asyncio.get_running_loop().time() + self._quiet_seconds
        self._scheduled.set()

    def cancel(self, document_id: str) -> None:
        self._due.pop(document_id, None)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._due:
                self._scheduled.clear()
                await self._scheduled.wait()
            first = next(iter(self._due.values()), 0.0)
            await asyncio.sleep(max(0.0, first - loop.time()))
            await self._clear_due(due_by=loop.time())

    async def clear_all(self) -> None:
        """Clears every scheduled document now."""
        while self._due:
            await self._clear_due(due_by=float("inf"))

    async def _clear_due(self, due_by: float) -> None:
        due = [document_id for document_id, time in islice(self._due.items(), _AT_ONCE) if time <= due_by]
        for document_id in due:
            del self._due[document_id]
        for outcome in await asyncio.gather(*map(self._clear, due), return_exceptions=True):
            if isinstance(outcome, Exception):  # a failure must not stop the other documents
                log.error("delivered events could not be cleared", exc_info=outcome)
