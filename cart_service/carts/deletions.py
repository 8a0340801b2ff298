"""Owners whose accounts were deleted, as far as this replica has heard."""

from __future__ import annotations

from collections import OrderedDict


class KnownDeletions:
    """The last `capacity` of them; ids of users are never given again."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._owners: OrderedDict[str, None] = OrderedDict()

    def heard(self, owner: str) -> None:
        self._owners[owner] = None
        if len(self._owners) > self._capacity:
            self._owners.popitem(last=False)

    def include(self, owner: str) -> bool:
        return owner in self._owners
