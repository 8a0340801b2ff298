"""The relay: finds undelivered events in documents and delivers them.

A replica leaves events undelivered if it ends first, or if the delivery fails for too long. `Outbox.start`
runs a relay in every replica. The stream drops a repeated event, or consumers see the repeat by its version.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from shared.aggregates.outbox_fields import PENDING_EVENTS, PENDING_SINCE
from shared.clock import Clock, to_rfc3339
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.observability.logging import get_logger
from shared.store.ports import Between, Document, DocumentStore, Query

log = get_logger(__name__)

_PAGE = 25  # documents may be large


class Relay:
    """Looks every `overdue_seconds` for events that are older. `redeliver` returns whether it succeeded."""

    def __init__(
        self,
        store: DocumentStore,
        redeliver: Callable[[str, Sequence[Event]], Awaitable[bool]],
        clock: Clock,
        overdue_seconds: float,
    ) -> None:
        self._store = store
        self._redeliver = redeliver
        self._clock = clock
        self._overdue_seconds = overdue_seconds

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._overdue_seconds * random.uniform(0.5, 1))
            try:
                await self._look()
            except Unavailable as error:
                log.info("relay waits for the store", reason=error.detail)
            except Exception:  # it must go on: without it events could stay undelivered
                log.exception("relay failed")

    async def _look(self) -> None:
        limit = to_rfc3339(self._clock.now() - timedelta(seconds=self._overdue_seconds))
        query = Query([Between(PENDING_SINCE, below=limit)], sort=[PENDING_SINCE], limit=_PAGE)
        while True:
            found = await self._store.find(query)
            # A find may be out of date: the events may be cleared already. A read by id is not.
            documents = await self._store.get_many([document.id for document in found.documents])
            for document in filter(None, documents):
                if not await self._relay(document, limit):
                    return
            if found.next_after is None:
                return
            query = Query(query.conditions, query.sort, _PAGE, found.next_after)

    async def _relay(self, document: Document, limit: str) -> bool:
        pending = document.body.get(PENDING_EVENTS) or []
        if not pending or pending[0]["time"] >= limit:
            return True
        try:
            events = [Event.from_json(event) for event in pending]
        except (KeyError, ValueError, TypeError) as error:
            log.error("document holds an unreadable event", document_id=document.id, error=repr(error))
            return True
        return await self._redeliver(document.id, events)
