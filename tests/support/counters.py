"""A counter as the smallest aggregate, and changes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.aggregates.change import Change
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.events.envelope import Event
from shared.store.ports import Field, FieldType, Json

COUNTER_FIELDS = {"count": Field(FieldType.LONG), "names": Field(FieldType.KEYWORD), **OUTBOX_FIELDS}


@dataclass(frozen=True)
class Counter:
    """A count, with the names of those who counted."""

    id: str
    count: int = 0
    names: tuple[str, ...] = ()


class CounterCodec:
    def to_document(self, aggregate: Counter) -> Json:
        return {"count": aggregate.count, "names": list(aggregate.names)}

    def from_document(self, id: str, body: Json) -> Counter:
        return Counter(id, body["count"], tuple(body["names"]))


@dataclass
class RecordingSink:
    """Records the events that it got. Those in `delivered` are delivered."""

    dispatched: list[tuple[str, str]] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)

    def attach(self, repository: object, store: object) -> None:
        """Nothing is delivered, so nothing has to be cleared."""

    def dispatch(self, document_id: str, events: Sequence[Event]) -> None:
        self.dispatched += [(document_id, event.id) for event in events]

    def delivered_ids(self, document_id: str) -> frozenset[str]:
        return frozenset(self.delivered)


def event(id: str) -> Event:
    return Event(id, "counter.counted", "one", 1, datetime(2026, 1, 1, tzinfo=UTC), {"who": id})


def add(
    id: str, amount: int = 1, name: str = "x", events: Sequence[Event] = ()
) -> Callable[[Counter | None], Change[Counter, int]]:
    """A change that counts, and answers the count after it."""

    def change(counter: Counter | None) -> Change[Counter, int]:
        before = counter or Counter(id)
        after = Counter(id, before.count + amount, (*before.names, name))
        return Change(after, after.count, events)

    return change


def look(counter: Counter | None) -> Change[Counter, int | None]:
    """A change that writes nothing."""
    return Change(None, counter and counter.count)


def fail(_: Counter | None) -> Change[Counter, int]:
    raise ValueError("not allowed")
