"""Queued notices as documents. The mail is in the document's pending event and leaves with it, so nothing
personal stays after the delivery. The rest of the document stays for an hour: it stops a repeated event from
sending the mail again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.aggregates.change import Change
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.aggregates.removal import remove_expired
from shared.aggregates.repository import AggregateRepository
from shared.clock import from_rfc3339, to_rfc3339
from shared.events.envelope import Event
from shared.store.ports import Collection, DocumentStore, Field, FieldType, Json

NOTICES = Collection("notices", 1, {"expires_at": Field(FieldType.DATE), **OUTBOX_FIELDS})
_KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """A notice that was queued. `expires_at` is when the document may be removed, if its mail is sent."""

    expires_at: datetime


class QueuedNoticeCodec:
    def to_document(self, notice: QueuedNotice) -> Json:
        return {"expires_at": to_rfc3339(notice.expires_at)}

    def from_document(self, id: str, body: Json) -> QueuedNotice:  # noqa: ARG002  (the id is that of the event)
        return QueuedNotice(from_rfc3339(body["expires_at"]))


class StoredNotices(AggregateRepository[QueuedNotice]):
    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, QueuedNoticeCodec(), outbox)

    async def queue(self, event: Event) -> None:
        """Queues the notice in the event, once for each event."""
        queued = QueuedNotice(event.time + _KEPT)
        await self.update(
            event.id, lambda known: Change(None, None) if known else Change(queued, None, [event])
        )

    async def remove_expired(self, before: datetime, batch: int) -> int:
        return await remove_expired(self._store, before, batch)
