"""A bounded queue in which nobody stands behind a crowd."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairLines(Generic[T]):
    """One line for each network. The lines are served in turn, so a network with many items waits for itself
    alone. Past `capacity` items in all, the longest line gives up its newest item."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lines: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, network: str, item: T) -> T | None:
        """Adds the item to the end of its line. Returns the item that has no place: one of a longer line, or
        the given one."""
        dropped = None
        if self._count >= self._capacity:
            longest = max(self._lines, key=lambda name: len(self._lines[name]), default=network)
            if self._length(longest) <= self._length(network) + 1:
                return item
            dropped = self._lines[longest].pop()
            self._count -= 1
        self._lines.setdefault(network, deque()).append(item)
        self._count += 1
        return dropped

    def take(self) -> T | None:
        """The first item of the line whose turn it is; None if nobody waits."""
        if not self._lines:
            return None
        network, line = self._lines.popitem(last=False)
        item = line.popleft()
        self._count -= 1
        if line:
            self._lines[network] = line
        return item

    def remove(self, network: str, item: T) -> None:
        """Takes out an item that need not wait any more, if it still does."""
        line = self._lines.get(network)
        if line is None or item not in line:
            return
        line.remove(item)
        self._count -= 1
        if not line:
            del self._lines[network]

    def _length(self, network: str) -> int:
        return len(self._lines.get(network, ()))
