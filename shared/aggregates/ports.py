"""The repository as the use cases see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from shared.aggregates.change import Change
from shared.store.ports import Position

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ListPage(Generic[A]):
    """A page of a list. `total` is a lower bound unless it is exact; `end` is None on the last page."""

    items: Sequence[A]
    total: int
    total_is_exact: bool
    end: Position | None


class Repository(Protocol[A]):
    """Aggregates of one kind."""

    async def get(self, id: str) -> A | None:
        """The aggregate after its last acknowledged write by any replica."""
        ...

    async def update(
        self, id: str, change: Callable[[A | None], Change[A, R]], *, is_first: bool = False
    ) -> R:
        """Applies `change` to the newest state and writes the result. It repeats both after another write.
        If `change` raises, the exception is raised and nothing is written. `is_first` says that there is
        probably no aggregate yet, which saves a read."""
        ...


class AnnouncingRepository(Repository[A], Protocol[A]):
    """A repository whose changes carry events."""

    async def delivered(self, id: str, timeout_seconds: float) -> bool:
        """Waits until every event of this aggregate is delivered. Returns False if that takes longer; the
        events are delivered later."""
        ...
