"""The last aggregates that a replica has read or written."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.store.outbox_fields import PendingEvents

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Held(Generic[A]):
    """An aggregate as it was at one version of its document; without a version there is no document."""

    aggregate: A | None
    version: str | None
    pending: PendingEvents = ()


class HotAggregates(Generic[A]):
    """At most `capacity` of them; the least recently used goes first. What it holds may be out of date:
    only a compare-and-swap on its version proves that it was not."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: OrderedDict[str, Held[A]] = OrderedDict()

    def get(self, id: str) -> Held[A] | None:
        held = self._held.get(id)
        if held is not None:
            self._held.move_to_end(id)
        return held

    def put(self, id: str, held: Held[A]) -> None:
        if held.version is None or self._capacity == 0:
            return
        self._held[id] = held
        self._held.move_to_end(id)
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)

    def drop(self, id: str) -> None:
        self._held.pop(id, None)
