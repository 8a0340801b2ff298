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
    """An estimate of their memory that costs next to nothing."""
    return sum(_BYTES_OF_EVENT + sum(map(_bytes_of_value, event.data.values())) for event in events)


def _bytes_of_value(value: Any) -> int:
    if isinstance(value, str):
        return _BYTES_OF_CHARACTER * len(value)
    return _BYTES_OF_ITEM * len(value) if isinstance(value, (list, dict)) else 0


@dataclass(slots=True)
class DocumentEvents:
    """The events of one document. `confirmed` are delivered but still in the document. `is_busy` means that a
    task delivers `undelivered` now. `idle` is set while nothing is undelivered."""

    undelivered: list[Event] = field(default_factory=list)
    confirmed: set[str] = field(default_factory=set)
    is_busy: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _in_next_write: frozenset[str] = frozenset()

    def about_to_write(self) -> frozenset[str]:
        """The events that the next write of the document drops. A replica writes a
        document once at a time."""
        self._in_next_write = frozenset(self.confirmed)
        return self._in_next_write

    def written(self) -> None:
        """The write after `about_to_write` is acknowledged."""
        self.confirmed -= self._in_next_write
        self._in_next_write = frozenset()


class UndeliveredEvents:
    """The events of recently changed documents. `held_bytes` is the memory of their undelivered events."""

    def __init__(self) -> None:
        self._accounts: dict[str, DocumentEvents] = {}
        self.held_bytes = 0

    def open(self, document_id: str) -> DocumentEvents:
        account = self._accounts.get(document_id)
        if account is None:
            account = self._accounts[document_id] = DocumentEvents()
        return account

    def find(self, document_id: str) -> DocumentEvents | None:
        return self._accounts.get(document_id)

    def hold(self, account: DocumentEvents, events: Sequence[Event]) -> None:
        account.idle.clear()
        account.undelivered += events
        self._count(len(events), bytes_of(events))

    def delivered(self, account: DocumentEvents, events: Sequence[Event]) -> None:
        """Those were the first ones that the account held."""
        del account.undelivered[: len(events)]
        account.confirmed.update(event.id for event in events)
        self._count(-len(events), -bytes_of(events))

    def close(self, document_id: str) -> None:
        """Forgets the account, unless there is something to remember."""
        account = self._accounts.get(document_id)
        if account is not None and not account.is_busy and not account.confirmed:
            del self._accounts[document_id]

    def _count(self, change: int, size: int) -> None:
        self.held_bytes += size
        EVENTS_UNDELIVERED.inc(change)
