"""Long work takes turns, so that short work and health checks go on beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.errors import Unavailable


class TooMuchWork(Unavailable):
    """Too many long pieces of work wait already. Nothing was written."""

    code = "too-much-work"


class Turns:
    """So many at once. `most_waiting` more may wait, which bounds the memory that waits with them."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Waits for a turn, and has it until the block ends. Raises `TooMuchWork`."""
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
