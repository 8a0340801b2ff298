"""The check of events that stay in their documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import PENDING_EVENTS, PENDING_SINCE
from shared.clock import Clock
from shared.events.envelope import Event
from shared.store.ports import Between, Document, DocumentStore
from trolley.verify.entries import is_under_way, overdue_before
from trolley.verify.findings import Finding


@dataclass(frozen=True, slots=True)
class PendingEvents:
    """No event of the collection waits longer than `pending_seconds` for its delivery. Overdue events are
    delivered and cleared from their documents, as by a relay. An unreadable event is only reported."""

    store: DocumentStore
    outbox: Outbox
    clock: Clock
    pending_seconds: float

    @property
    def name(self) -> str:
        return f"events of {self.store.collection.name}"

    async def keys(self) -> AsyncIterator[str]:
        await self.store.refresh()
        limit = overdue_before(self.clock, self.pending_seconds)
        async for document in self.store.scan([Between(PENDING_SINCE, below=limit)]):
            yield document.id

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        documents = await self.store.get_many(keys)
        return [finding for document in documents if document and (finding := self._judge(document))]

    async def fix(self, finding: Finding) -> None:
        await self.outbox.deliver_pending(finding.what)

    def _judge(self, document: Document) -> Finding | None:
        pending = document.body.get(PENDING_EVENTS) or ()
        if not pending or is_under_way(pending, self.clock, self.pending_seconds):
            return None
        try:
            oldest, *_ = [Event.from_json(event) for event in pending]
        except (KeyError, ValueError, TypeError, AttributeError):
            return Finding(self.name, document.id, "an event in the document cannot be read", fixable=False)
        detail = f"{oldest.type} of version {oldest.version} waits since {pending[0]['time']}"
        return Finding(self.name, document.id, detail)
