"""Security logs as documents: one for each account."""

from __future__ import annotations

from datetime import datetime

from auth_service.security_log.model import SecurityEntry, SecurityLog
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS, PENDING_EVENTS
from shared.aggregates.repository import AggregateRepository
from shared.clock import from_rfc3339, to_rfc3339
from shared.store.ports import (
    Between,
    Collection,
    DocumentStore,
    Field,
    FieldType,
    Json,
    Query,
    VersionConflict,
)

SECURITY_LOGS = Collection(
    "security_logs",
    1,
    {
        "updated_at": Field(FieldType.DATE),
        "version": Field(FieldType.LONG),
        "is_erased": Field(FieldType.BOOLEAN),
        "entries": Field(FieldType.OPAQUE),
        **OUTBOX_FIELDS,
    },
)


class SecurityLogCodec:
    def to_document(self, log: SecurityLog) -> Json:
        return {
            "updated_at": to_rfc3339(log.updated_at) if log.updated_at else None,
            "version": log.version,
            "is_erased": log.is_erased,
            "entries": [_entry_json(entry) for entry in log.entries],
        }

    def from_document(self, id: str, body: Json) -> SecurityLog:
        return SecurityLog(
            id,
            tuple(_entry(entry) for entry in body["entries"]),
            from_rfc3339(body["updated_at"]) if body["updated_at"] else None,
            body["version"],
            body["is_erased"],
        )


def _entry_json(entry: SecurityEntry) -> Json:
    return {
        "id": entry.id,
        "type": entry.type,
        "at": to_rfc3339(entry.at),
        "by": entry.by,
        "reason": entry.reason,
        "address": entry.address,
        "network": entry.network,
        "user_agent": entry.user_agent,
        "count": entry.count,
        "since": to_rfc3339(entry.began_at),
        "ids": list(entry.ids),
        "repeats": entry.repeats,
    }


def _entry(body: Json) -> SecurityEntry:
    times = {name: from_rfc3339(body[name]) for name in ("at", "since")}
    return SecurityEntry(**{**body, **times, "ids": tuple(body["ids"])})


class StoredSecurityLogs(AggregateRepository[SecurityLog]):
    """A `SecurityLogRepository`. It keeps no log in memory: the work for a known account would differ from
    that for an unknown one."""

    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, SecurityLogCodec(), outbox)

    async def remove_unchanged(self, since: datetime, batch: int) -> int:
        query = Query([Between("updated_at", below=to_rfc3339(since))], ["updated_at"], batch)
        removed = 0
        for document in (await self._store.find(query)).documents:
            if not document.body.get(PENDING_EVENTS):
                removed += await self._delete(document.id, document.version)
        return removed

    async def _delete(self, id: str, version: str) -> bool:
        try:
            await self._store.delete(id, version)
        except VersionConflict:  # written meanwhile, or removed by another replica
            return False
        return True
