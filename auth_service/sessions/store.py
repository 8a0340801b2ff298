"""Sessions as documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from auth_service.sessions.model import Session
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS, PENDING_EVENTS
from shared.aggregates.repository import AggregateRepository
from shared.clock import from_rfc3339, to_rfc3339
from shared.security.identity import Role
from shared.store.ports import (
    Between,
    Collection,
    Document,
    DocumentStore,
    Field,
    FieldType,
    Json,
    Query,
    VersionConflict,
)

_OPAQUE = Field(FieldType.OPAQUE)

SESSIONS = Collection(
    "sessions",
    2,
    {
        "user_id": _OPAQUE,
        "role": _OPAQUE,
        "created_at": _OPAQUE,
        "refreshed_at": _OPAQUE,
        "expires_at": Field(FieldType.DATE),
        "ended_at": _OPAQUE,
        "authenticated_at": _OPAQUE,
        "exchanged_at": _OPAQUE,
        "counter": _OPAQUE,
        "version": _OPAQUE,
        "refresh_digest": _OPAQUE,
        "previous_digest": _OPAQUE,
        "user_agent": _OPAQUE,
        **OUTBOX_FIELDS,
    },
)
"""Sessions are found by their id. Every refresh writes one, so nothing is indexed but what the sweep and the
relay look for."""


class SessionCodec:
    def to_document(self, session: Session) -> Json:
        return {
            "user_id": session.user_id,
            "role": session.role.value,
            "created_at": to_rfc3339(session.created_at),
            "refreshed_at": to_rfc3339(session.refreshed_at),
            "expires_at": to_rfc3339(session.expires_at),
            "ended_at": to_rfc3339(session.ended_at) if session.ended_at else None,
            "version": session.version,
            "refresh_digest": session.refresh_digest,
            "previous_digest": session.previous_digest,
            "exchanged_at": to_rfc3339(session.exchanged_at) if session.exchanged_at else None,
            "counter": session.counter,
            "authenticated_at": to_rfc3339(session.authenticated_at),
            "user_agent": session.user_agent,
        }

    def from_document(self, id: str, body: Json) -> Session:
        # Documents of schema 1 lack the counter and what came with it.
        return Session(
            id=id,
            user_id=body["user_id"],
            role=Role(body["role"]),
            refresh_digest=body["refresh_digest"],
            created_at=from_rfc3339(body["created_at"]),
            refreshed_at=from_rfc3339(body["refreshed_at"]),
            expires_at=from_rfc3339(body["expires_at"]),
            user_agent=body["user_agent"],
            version=body["version"],
            ended_at=_time_or_none(body["ended_at"]),
            authenticated_at=from_rfc3339(body.get("authenticated_at") or body["created_at"]),
            counter=body.get("counter") or 0,
            previous_digest=body.get("previous_digest") or "",
            exchanged_at=_time_or_none(body.get("exchanged_at")),
        )


def _time_or_none(text: Any) -> datetime | None:
    return from_rfc3339(text) if text else None


_HOT_BYTES = 4 * 2**20
"""A refresh changes the copy without a read; the compare-and-swap proves that it was the newest."""


class StoredSessions(AggregateRepository[Session]):
    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, SessionCodec(), outbox, hot_bytes=_HOT_BYTES)

    async def remove_expired(self, before: datetime, batch: int) -> int:
        expired = [Between("expires_at", below=to_rfc3339(before))]
        removed, after = 0, None
        while True:
            found = await self._store.find(Query(expired, ["expires_at"], batch, after))
            removed += sum([await self._remove(document) for document in found.documents])
            # The search is a second behind, so a page may show only removed sessions.
            if (after := found.next_after) is None:
                return removed

    async def _remove(self, document: Document) -> bool:
        if document.body.get(PENDING_EVENTS):
            return False  # the relay has to deliver the events first
        try:
            await self._store.delete(document.id, document.version)
        except VersionConflict:  # refreshed meanwhile, or removed by another replica
            return False
        return True
