"""The outcome of a change of an aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.events.envelope import Event

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Change(Generic[A, R]):
    """The new aggregate (None if nothing is written), the result for the caller, and the events that the same
    write makes durable."""

    aggregate: A | None
    result: R
    events: Sequence[Event] = ()

    def __post_init__(self) -> None:
        if self.events and self.aggregate is None:
            raise ValueError("events need a write that keeps them, and this change writes nothing")
