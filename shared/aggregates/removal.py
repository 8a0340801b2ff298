"""Removal of documents whose time is over."""

from __future__ import annotations

from datetime import datetime

from shared.aggregates.outbox_fields import PENDING_EVENTS
from shared.clock import to_rfc3339
from shared.store.ports import Between, Document, DocumentStore, Query, VersionConflict


async def remove_expired(store: DocumentStore, before: datetime, batch: int) -> int:
    """Removes the documents whose `expires_at` is before then, `batch` at a time, and returns their number.
    Documents with undelivered events stay. Raises `StoreUnavailable`."""
    expired = [Between("expires_at", below=to_rfc3339(before))]
    removed, after = 0, None
    while True:
        found = await store.find(Query(expired, ["expires_at"], batch, after))
        removed += sum([await _remove(store, document) for document in found.documents])
        # The search is a second behind, so a page may show only removed documents.
        if (after := found.next_after) is None:
            return removed


async def _remove(store: DocumentStore, document: Document) -> bool:
    if document.body.get(PENDING_EVENTS):
        return False  # the relay has to deliver the events first
    try:
        await store.delete(document.id, document.version)
    except VersionConflict:  # changed meanwhile, or removed by another replica
        return False
    return True
