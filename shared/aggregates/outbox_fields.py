"""The undelivered events of an aggregate, in its own document."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from shared.events.envelope import Event
from shared.store.ports import DocumentStore, Field, FieldType, Json

PENDING_EVENTS = "pending_events"
PENDING_SINCE = "pending_since"

OUTBOX_FIELDS: Mapping[str, Field] = {
    PENDING_EVENTS: Field(FieldType.OPAQUE),
    PENDING_SINCE: Field(FieldType.DATE),
}
"""A collection whose repository has an `EventSink` needs these in its `fields`."""

PendingEvents = tuple[Json, ...]
"""CloudEvents in JSON, the oldest first."""


class ClearsDelivered(Protocol):
    """The part of `AggregateRepository` that the outbox needs."""

    async def clear_delivered(self, id: str, event_ids: Collection[str]) -> None: ...


class EventSink(Protocol):
    """Gets the events that a write has made durable."""

    def attach(self, repository: ClearsDelivered, store: DocumentStore) -> None:
        """Sets the repository and the store of the events."""
        ...

    def dispatch(self, document_id: str, events: Sequence[Event]) -> None:
        """Delivers them soon. Never blocks, never raises."""
        ...

    def delivered_ids(self, document_id: str) -> frozenset[str]:
        """The ids of the document's delivered events. Its next write drops them."""
        ...

    async def flushed(self, document_id: str, timeout: float) -> bool:
        """Waits at most `timeout` seconds; True when nothing of the document is undelivered."""
        ...


def split(body: Json) -> tuple[Json, PendingEvents]:
    """The body without the outbox fields, and the events in them."""
    fields = {name: value for name, value in body.items() if name not in OUTBOX_FIELDS}
    return fields, tuple(body.get(PENDING_EVENTS) or ())


def joined(fields: Mapping[str, Any], pending: PendingEvents) -> Json:
    """The body to store. `pending_since` is the time of the oldest event, so that a relay can find it."""
    oldest = pending[0]["time"] if pending else None
    return {**fields, PENDING_EVENTS: list(pending), PENDING_SINCE: oldest}


def without(pending: PendingEvents, event_ids: Collection[str]) -> PendingEvents:
    """The undelivered events without these."""
    return tuple(event for event in pending if event["id"] not in event_ids) if event_ids else pending
