"""Bounded queues of attempts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

_AT_ONCE = 4
_QUEUED = 256


class QueueIsFull(Exception):
    """Too many attempts wait already."""


class _Queue:
    def __init__(self) -> None:
        self.places = asyncio.Semaphore(_AT_ONCE)
        self.length = 0


class Turns:
    """Lets a few attempts with the same key run at once. They count while they run, so without an order right
    passwords could refuse each other. Some more wait for their turn; each turn is short. A queue has no other
    key in it, so strangers cannot fill that of the owner. The limit of requests under way bounds all
    queues."""

    def __init__(self) -> None:
        self._queues: WeakValueDictionary[str, _Queue] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Raises `QueueIsFull`."""
        queue = self._queues.setdefault(key, _Queue())
        if queue.length >= _AT_ONCE + _QUEUED:
            raise QueueIsFull
        queue.length += 1
        try:
            async with queue.places:
                yield
        finally:
            queue.length -= 1
