"""Delivers the events that this replica holds, at once, and with back-off after a failure."""

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
        ledger: UndeliveredEvents,
        on_delivered: Callable[[str], None],
        retry_seconds: float,
    ) -> None:
        self._deliver = deliver
        self._ledger = ledger
        self._on_delivered = on_delivered
        self._retry_seconds = retry_seconds
        self._places = asyncio.Semaphore(_DOCUMENTS_AT_ONCE)
        self._stuck: dict[str, DocumentEvents] = {}
        self._something_is_stuck = asyncio.Event()
        self._workers: set[asyncio.Task[bool]] = set()

    def accept(self, document_id: str, events: Sequence[Event]) -> None:
        """Delivers them some time soon. Beyond the limit they stay in the document, for the relay."""
        if self._ledger.held_bytes + bytes_of(events) > HELD_EVENTS_BYTES:
            log.warning("outbox is full: the relay will deliver", document_id=document_id)
            if account := self._ledger.find(document_id):
                account.idle.clear()
            return
        account = self._ledger.open(document_id)
        self._ledger.hold(account, events)
        if not account.is_busy:
            account.is_busy = True
            worker = asyncio.create_task(self._attempt(document_id, account))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def redeliver(self, document_id: str, events: Sequence[Event]) -> bool:
        """Delivers what was found in the document, unless this replica is at it already or knows better.
        False when that failed; it is tried again."""
        account = self._ledger.open(document_id)
        if account.is_busy:
            return True
        self._ledger.hold(account, [event for event in events if event.id not in account.confirmed])
        account.is_busy = True
        return await self._attempt(document_id, account)

    async def retry(self) -> None:
        """Tries what failed, without end."""
        while True:
            await self._something_is_stuck.wait()
            for delay in backoff(0.1, self._retry_seconds):
                await asyncio.sleep(delay)
                if await self._retry_all():
                    break
            self._something_is_stuck.clear()

    async def close(self, patience_seconds: float) -> None:
        """Waits that long for what is under way."""
        if self._workers:
            await asyncio.wait(self._workers, timeout=patience_seconds)
        await cancel_all(self._workers)

    async def _attempt(self, document_id: str, account: DocumentEvents) -> bool:
        try:
            while batch := list(account.undelivered):
                async with self._places:
                    await self._deliver(document_id, batch)
                self._ledger.delivered(account, batch)
        except Exception as error:  # any failure: the events are safe in the document
            _log_failure(document_id, error)
            self._stuck.pop(document_id, None)  # to the end: the next round begins with another
            self._stuck[document_id] = account
            self._something_is_stuck.set()
            return False
        self._stuck.pop(document_id, None)
        account.is_busy = False
        account.idle.set()
        self._on_delivered(document_id)
        return True

    async def _retry_all(self) -> bool:
        """One document alone first: while that fails the others need not try. True when none is left."""
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
