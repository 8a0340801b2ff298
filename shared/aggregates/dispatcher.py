"""Delivers the events of this replica at once, and with back-off after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from shared.aggregates.undelivered import DocumentEvents, UndeliveredEvents, bytes_of
from shared.backoff import backoff
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.events.ports import Deliver
from shared.observability.logging import get_logger
from shared.tasks import cancel_all

log = get_logger(__name__)

HELD_EVENTS_BYTES = 16 * 2**20
_DOCUMENTS_AT_ONCE = 512  # so that an import of thousands does not fill the connection and time out
_RETRIES_AT_ONCE = 64


class EventDispatcher:
    """Delivers one batch of a document at a time, so that its events arrive in order. Calls `on_delivered`
    with the id of a document when all of its events are delivered."""

    def __init__(
        self,
        deliver: Deliver,
        undelivered: UndeliveredEvents,
        on_delivered: Callable[[str], None],
        retry_seconds: float,
    ) -> None:
        self._deliver = deliver
        self._undelivered = undelivered
        self._on_delivered = on_delivered
        self._retry_seconds = retry_seconds
        self._places = asyncio.Semaphore(_DOCUMENTS_AT_ONCE)
        self._stuck: dict[str, DocumentEvents] = {}
        self._something_is_stuck = asyncio.Event()
        self._workers: set[asyncio.Task[bool]] = set()

    def accept(self, document_id: str, events: Sequence[Event]) -> None:
        """Delivers them soon. Beyond the limit of memory they stay in the document, and the relay delivers
        them."""
        size = bytes_of(events)
        if self._undelivered.held_bytes + size > HELD_EVENTS_BYTES:
            log.warning("outbox is full: the relay will deliver", document_id=document_id)
            if document := self._undelivered.get(document_id):
                document.idle.clear()
            return
        document = self._undelivered.get_or_create(document_id)
        self._undelivered.add(document, events, size)
        if not document.is_busy:
            document.is_busy = True
            worker = asyncio.create_task(self._attempt(document_id, document))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def redeliver(self, document_id: str, events: Sequence[Event]) -> bool:
        """Delivers the events found in the document, unless this replica is delivering them or has done so.
        Returns False if that failed; then it is tried again."""
        document = self._undelivered.get_or_create(document_id)
        if document.is_busy:
            return True
        missing = [event for event in events if event.id not in document.delivered]
        self._undelivered.add(document, missing, bytes_of(missing))
        document.is_busy = True
        return await self._attempt(document_id, document)

    async def retry(self) -> None:
        """Tries failed deliveries again, without end."""
        while True:
            await self._something_is_stuck.wait()
            for delay in backoff(0.1, self._retry_seconds):
                await asyncio.sleep(delay)
                if await self._retry_all():
                    break
            self._something_is_stuck.clear()

    async def close(self, patience_seconds: float) -> None:
        """Waits that long for deliveries under way."""
        if self._workers:
            await asyncio.wait(self._workers, timeout=patience_seconds)
        await cancel_all(self._workers)

    async def _attempt(self, document_id: str, document: DocumentEvents) -> bool:
        try:
            while batch := list(document.undelivered):
                async with self._places:
                    await self._deliver(document_id, batch)
                self._undelivered.mark_delivered(document, batch)
        except Exception as error:  # any failure: the events are safe in the document
            _log_failure(document_id, error)
            self._stuck.pop(document_id, None)  # to the end: the next round begins with another
            self._stuck[document_id] = document
            self._something_is_stuck.set()
            return False
        self._stuck.pop(document_id, None)
        document.is_busy = False
        document.idle.set()
        self._on_delivered(document_id)
        return True

    async def _retry_all(self) -> bool:
        """Tries one document alone first: while it fails, the others are not tried. True if none is left."""
        at_once = 1
        stuck = list(self._stuck.items())
        while stuck:
            some, stuck = stuck[:at_once], stuck[at_once:]
            if not any(await asyncio.gather(*(self._attempt(*each) for each in some))):
                return False
            at_once = _RETRIES_AT_ONCE
        return not self._stuck


def _log_failure(document_id: str, error: Exception) -> None:
    if isinstance(error, Unavailable):
        log.info("events wait", document_id=document_id, reason=error.detail)
    else:
        log.error("events cannot be delivered", document_id=document_id, exc_info=error)
