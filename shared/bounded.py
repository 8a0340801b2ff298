"""Limits of memory, in bytes that the caller estimates: a mapping, and budgets that several users share."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class BoundedMapping(Generic[V]):
    """Keeps at most `most_bytes` of values, and at most `most_items`. The least recently used value goes
    first. A value larger than `most_bytes` is not kept."""

    def __init__(self, most_bytes: int, most_items: int | None = None) -> None:
        self._most_bytes = most_bytes
        self._most_items = most_items
        self._values: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self.held_bytes = 0

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str, *, is_use: bool = True) -> V | None:
        """The value. It becomes the most recently used one if `is_use`."""
        found = self._values.get(key)
        if found is None:
            return None
        if is_use:
            self._values.move_to_end(key)
        return found[0]

    def put(self, key: str, value: V, size: int) -> None:
        """Keeps the value, which takes `size` bytes, in place of another one."""
        self.drop(key)
        self._values[key] = value, size
        self.held_bytes += size
        while self.held_bytes > self._most_bytes or len(self._values) > (
            self._most_items or len(self._values)
        ):
            _, (_, gone) = self._values.popitem(last=False)
            self.held_bytes -= gone

    def drop(self, key: str) -> None:
        """Removes the value, if there is one."""
        _, gone = self._values.pop(key, (None, 0))
        self.held_bytes -= gone

    def clear(self) -> None:
        """Removes all values."""
        self._values.clear()
        self.held_bytes = 0


class ByteBudget:
    """At most `most_bytes` are taken at once. A larger request is granted if nothing else is taken."""

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
        """Returns when the bytes are taken."""
        while not self.take(size):
            self._given_back.clear()
            await self._given_back.wait()

    def give_back(self, size: int) -> None:
        super().give_back(size)
        self._given_back.set()
