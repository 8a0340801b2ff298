"""The outbox: delivers what a write made durable, and has the document forget it afterwards.

The events of a write stay in the document that changed until they are delivered. This replica delivers its
own at once; after a crash, or when NATS was away for long, any replica's relay finds what stayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, Protocol

from shared.aggregates.clearing import DelayedClearing
from shared.aggregates.dispatcher import EventDispatcher
from shared.aggregates.outbox_fields import PENDING_EVENTS
from shared.aggregates.relay import Relay
from shared.aggregates.undelivered import UndeliveredEvents
from shared.clock import Clock, SystemClock
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.events.ports import Deliver, EventBus
from shared.observability.logging import get_logger
from shared.store.ports import DocumentStore
from shared.tasks import BackgroundTasks, cancel_all

log = get_logger(__name__)

_CLOSE_SECONDS = 2.0


class ClearsDelivered(Protocol):
    """The part of `AggregateRepository` that the outbox needs."""

    async def clear_delivered(self, id: str, event_ids: Collection[str]) -> None: ...


class Outbox:
    """An `EventSink` for one collection: make it, make the repository with it, `attach`, `start`.

    `deliver` gets a document's events in order, never two batches of one document at once in this replica.
    A document is settled once it was quiet for `quiet_seconds`; before that its next write does it for
    nothing. The relay delivers events that waited for more than `overdue_seconds`.
    """

    def __init__(
        self,
        deliver: Deliver,
        *,
        clock: Clock | None = None,
        quiet_seconds: float = 2.0,
        overdue_seconds: float = 5.0,
        retry_seconds: float = 5.0,
    ) -> None:
        self._clock = clock or SystemClock()
        self._overdue_seconds = overdue_seconds
        self._ledger = UndeliveredEvents()
        self._settling = DelayedClearing(self._settle, quiet_seconds)
        self._courier = EventDispatcher(deliver, self._ledger, self._settling.schedule, retry_seconds)
        self._attached: tuple[ClearsDelivered, DocumentStore] | None = None
        self._loops: list[asyncio.Task[None]] = []

    def attach(self, repository: ClearsDelivered, store: DocumentStore) -> None:
        """Says whose events these are; before `start`."""
        self._attached = repository, store

    async def start(self, tasks: BackgroundTasks | None = None) -> None:
        """Starts to settle, to try again and to relay, among the replica's `tasks`."""
        _, store = self._require_attached()
        relay = Relay(store, self._courier.redeliver, self._clock, self._overdue_seconds)
        loops: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "relay": relay.run,
            "retry": self._courier.retry,
            "settle": self._settling.run,
        }
        name = store.collection.name
        tasks = tasks or BackgroundTasks()
        self._loops = [tasks.start(f"outbox-{kind}-{name}", run()) for kind, run in loops.items()]

    async def close(self) -> None:
        """Gives deliveries under way two seconds, then settles. What is left stays in the documents."""
        await cancel_all(self._loops)
        await self._courier.close(_CLOSE_SECONDS)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._settling.settle_all()
        except TimeoutError:
            log.warning("outbox closed before everything was settled")

    def dispatch(self, document_id: str, events: Sequence[Event]) -> None:
        account = self._ledger.find(document_id)
        if account is not None:
            account.written()
        self._settling.cancel(document_id)
        self._courier.accept(document_id, events)

    def confirmed(self, document_id: str) -> frozenset[str]:
        account = self._ledger.find(document_id)
        return account.about_to_write() if account is not None else frozenset()

    async def flushed(self, document_id: str, timeout: float) -> bool:
        """True as soon as nothing of the document is undelivered, False after `timeout` seconds."""
        account = self._ledger.find(document_id)
        try:
            async with asyncio.timeout(timeout):
                if account is None:
                    return await self._has_nothing_pending(document_id)
                await account.idle.wait()
        except (TimeoutError, Unavailable):
            return False
        return True

    async def deliver_pending(self, document_id: str) -> bool:
        """Delivers at once what waits in the document, and has the document forget it; False when that
        failed. Needs no `start`. Raises `StoreUnavailable`, and ValueError or KeyError where an event in it
        cannot be read."""
        _, store = self._require_attached()
        document = await store.get(document_id)
        pending = document.body.get(PENDING_EVENTS) if document is not None else None
        events = [Event.from_json(event) for event in pending or ()]
        if not await self._courier.redeliver(document_id, events):
            return False
        await self._settle(document_id)
        return True

    async def _has_nothing_pending(self, document_id: str) -> bool:
        _, store = self._require_attached()
        document = await store.get(document_id)
        return document is None or not document.body.get(PENDING_EVENTS)

    async def _settle(self, document_id: str) -> None:
        repository, _ = self._require_attached()
        account = self._ledger.find(document_id)
        if account is None or account.is_busy:
            return
        delivered = frozenset(account.confirmed)
        await repository.clear_delivered(document_id, delivered)
        account.confirmed -= delivered
        self._ledger.close(document_id)

    def _require_attached(self) -> tuple[ClearsDelivered, DocumentStore]:
        if self._attached is None:
            raise RuntimeError("attach the outbox to its repository first")
        return self._attached


def publish_to(bus: EventBus) -> Deliver:
    """A `Deliver` that publishes the events, one after the other."""

    async def deliver(_document_id: str, events: Sequence[Event]) -> None:
        for event in events:
            await bus.publish(event)

    return deliver
