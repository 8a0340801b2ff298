"""A limit for long work, so that short work and health checks continue beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.errors import Unavailable


class TooMuchWork(Unavailable):
    """Too many long pieces of work are waiting already. Nothing was written."""

    code = "too-much-work"


class Bulkhead:
    """Lets `at_once` pieces of work run. `most_waiting` more may wait, which bounds the memory they hold."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Waits for a place, and keeps it until the block ends. Raises `TooMuchWork`."""
        if self._waiting >= self._most_waiting:
            raise TooMuchWork("Too many large changes are waiting just now. Nothing was written; try again.")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()
