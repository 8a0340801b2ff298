"""The delivery state of each document's events, as this replica knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.events.envelope import Event
from shared.observability.metrics import EVENTS_UNDELIVERED

_BYTES_OF_EVENT = 1500
_BYTES_OF_ITEM = 500
_BYTES_OF_CHARACTER = 4


def bytes_of(events: Sequence[Event]) -> int:
    """A cheap estimate of the memory of the events."""
    return sum(_BYTES_OF_EVENT + sum(map(_bytes_of_value, event.data.values())) for event in events)


def _bytes_of_value(value: Any) -> int:
    if isinstance(value, str):
        return _BYTES_OF_CHARACTER * len(value)
    return _BYTES_OF_ITEM * len(value) if isinstance(value, (list, dict)) else 0


@dataclass(slots=True)
class DocumentEvents:
    """The events of one document. `delivered` are the ids of delivered events that are still in the document;
    those `in_next_write` leave it with its next write. `is_busy` means that a task delivers `undelivered`
    now. `idle` is set while nothing is undelivered."""

    undelivered: list[Event] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)
    in_next_write: frozenset[str] = frozenset()
    is_busy: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)


class UndeliveredEvents:
    """The events of recently changed documents. `held_bytes` is the memory of their undelivered events."""

    def __init__(self) -> None:
        self._documents: dict[str, DocumentEvents] = {}
        self.get = self._documents.get
        self.held_bytes = 0

    def get_or_create(self, document_id: str) -> DocumentEvents:
        document = self._documents.get(document_id)
        if document is None:
            document = self._documents[document_id] = DocumentEvents()
        return document

    def add(self, document: DocumentEvents, events: Sequence[Event], size: int) -> None:
        """Adds events of `size` bytes."""
        document.idle.clear()
        document.undelivered += events
        self._count(len(events), size)

    def mark_delivered(self, document: DocumentEvents, events: Sequence[Event]) -> None:
        """Moves the first events of the document to its delivered ones."""
        del document.undelivered[: len(events)]
        document.delivered.update(event.id for event in events)
        self._count(-len(events), -bytes_of(events))

    def forget(self, document_id: str) -> None:
        """Forgets the document if all of its events are delivered and cleared."""
        document = self._documents.get(document_id)
        if document is not None and not document.is_busy and not document.delivered:
            del self._documents[document_id]

    def _count(self, change: int, size: int) -> None:
        self.held_bytes += size
        EVENTS_UNDELIVERED.inc(change)
