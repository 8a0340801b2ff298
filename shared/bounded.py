"""A mapping with a limit of memory, by estimates of its user."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class BoundedMapping(Generic[V]):
    """At most `most_bytes` of values and `most_items` of them; the least recently used goes first. A value
    larger than `most_bytes` is not kept."""

    def __init__(self, most_bytes: int, most_items: int | None = None) -> None:
        self._most_bytes = most_bytes
        self._most_items = most_items
        self._values: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self.held_bytes = 0

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def peek(self, key: str) -> V | None:
        """The value, which is used no more recently for that."""
        found = self._values.get(key)
        return found[0] if found is not None else None

    def get(self, key: str) -> V | None:
        """The value."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: str, value: V, size: int) -> None:
        """Keeps the value, which takes so many bytes, in place of another one."""
        self.drop(key)
        self._values[key] = value, size
        self.held_bytes += size
        while self.held_bytes > self._most_bytes or len(self._values) > (
            self._most_items or len(self._values)
        ):
            _, (_, gone) = self._values.popitem(last=False)
            self.held_bytes -= gone

    def drop(self, key: str) -> None:
        """Forgets the value, if it is there."""
        _, gone = self._values.pop(key, (None, 0))
        self.held_bytes -= gone

    def clear(self) -> None:
        """Forgets everything."""
        self._values.clear()
        self.held_bytes = 0
