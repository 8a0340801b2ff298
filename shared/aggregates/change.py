"""What a use case makes of an aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.events.envelope import Event

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Change(Generic[A, R]):
    """What a change makes of an aggregate: the new one (None: nothing is to be written), what its caller
    gets, and the events that the same write makes durable."""

    aggregate: A | None
    result: R
    events: Sequence[Event] = ()

    def __post_init__(self) -> None:
        if self.events and self.aggregate is None:
            raise ValueError(
                "events are kept by the write that they belong to, and this change writes nothing"
            )
