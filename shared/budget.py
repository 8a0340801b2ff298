"""Budgets of bytes that several users share."""

from __future__ import annotations

import asyncio


class ByteBudget:
    """At most `most_bytes` are taken at a time. A larger request is granted if nothing else is taken."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.held_bytes = 0

    def take(self, size: int) -> bool:
        """Takes that many bytes if they are free, and returns whether it did. The caller gives them back."""
        if self.held_bytes and self.held_bytes + size > self._most_bytes:
            return False
        self.held_bytes += size
        return True

    def give_back(self, size: int) -> None:
        self.held_bytes -= size


class SharedBudget(ByteBudget):
    """A budget that a task can wait for."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self._given_back = asyncio.Event()

    async def wait_for(self, size: int) -> None:
        """Returns with so many bytes."""
        while not self.take(size):
            self._given_back.clear()
            await self._given_back.wait()

    def give_back(self, size: int) -> None:
        super().give_back(size)
        self._given_back.set()
