"""Keeps clients within what a cart remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

REMEMBERED_KEYS = 64


class KeysInFlight:
    """The keys of one cart that wait for an answer, each with how many others the cart may have met since.

    A cart remembers its last 64 keys, so a repeat is known as one only while fewer than 64 others came
    between. Whoever wants to send one too many waits, until that repeat is through.
    """

    def __init__(self) -> None:
        self.furthest = 0
        self._others: dict[str, int] = {}
        self._answered = asyncio.Condition()

    @asynccontextmanager
    async def sending(self, key: str) -> AsyncIterator[None]:
        """Begins when no unanswered key can be forgotten by it, and ends with the answer."""
        async with self._answered:
            await self._answered.wait_for(self._has_room)
            for other in self._others:
                self._others[other] += 1
            self._others[key] = len(self._others)
        try:
            yield
        finally:
            async with self._answered:
                self.furthest = max(self.furthest, self._others.pop(key))
                self._answered.notify_all()

    def _has_room(self) -> bool:
        return max(self._others.values(), default=0) < REMEMBERED_KEYS - 1
