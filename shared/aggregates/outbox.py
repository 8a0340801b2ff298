"""The outbox: delivers the events that a write made durable, and clears them from the document afterwards.

The events of a write stay in the changed document until they are delivered. A replica delivers its own events
at once. After a crash, or if NATS was away for long, the relay of any replica finds those that stayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from shared.aggregates.clearing import DelayedClearing
from shared.aggregates.dispatcher import EventDispatcher
from shared.aggregates.outbox_fields import PENDING_EVENTS, ClearsDelivered
from shared.aggregates.relay import Relay
from shared.aggregates.undelivered import UndeliveredEvents
from shared.clock import Clock, SystemClock
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.events.ports import Deliver, EventBus
from shared.observability.logging import get_logger
from shared.store.ports import DocumentStore, Json
from shared.tasks import BackgroundTasks, cancel_all

log = get_logger(__name__)

_CLOSE_SECONDS = 2.0


class Outbox:
    """An `EventSink` for one collection: make it, make the repository with it, `start`.

    `deliver` gets a document's events in order, never two batches of one document at once in this replica.
    Delivered events are cleared by the document's next write, or once it was quiet for `quiet_seconds`. The
    relay delivers events that waited for more than `overdue_seconds`.
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
        self._undelivered = UndeliveredEvents()
        self._clearing = DelayedClearing(self._clear, quiet_seconds)
        self._dispatcher = EventDispatcher(deliver, self._undelivered, self._clearing.schedule, retry_seconds)
        self._attached: tuple[ClearsDelivered, DocumentStore] | None = None
        self._loops: list[asyncio.Task[None]] = []

    def attach(self, repository: ClearsDelivered, store: DocumentStore) -> None:
        self._attached = repository, store

    async def start(self, tasks: BackgroundTasks | None = None) -> None:
        """Starts to relay, to retry and to clear, among the replica's `tasks`."""
        _, store = self._require_attached()
        relay = Relay(store, self._dispatcher.redeliver, self._clock, self._overdue_seconds)
        loops: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "relay": relay.run,
            "retry": self._dispatcher.retry,
            "clear": self._clearing.run,
        }
        name = store.collection.name
        tasks = tasks or BackgroundTasks()
        self._loops = [tasks.start(f"outbox-{kind}-{name}", run()) for kind, run in loops.items()]

    async def close(self) -> None:
        """Gives deliveries under way two seconds, then clears. The other events stay in the documents."""
        await cancel_all(self._loops)
        await self._dispatcher.close(_CLOSE_SECONDS)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._clearing.clear_all()
        except TimeoutError:
            log.warning("outbox closed before all delivered events were cleared")

    def dispatch(self, document_id: str, events: Sequence[Event]) -> None:
        document = self._undelivered.get(document_id)
        if document is not None:  # the write that `delivered_ids` was for is acknowledged
            document.delivered -= document.in_next_write
            document.in_next_write = frozenset()
        self._clearing.cancel(document_id)
        self._dispatcher.accept(document_id, events)

    def delivered_ids(self, document_id: str) -> frozenset[str]:
        document = self._undelivered.get(document_id)
        if document is None:
            return frozenset()
        document.in_next_write = frozenset(document.delivered)  # a replica writes a document once at a time
        return document.in_next_write

    async def flushed(self, document_id: str, timeout: float) -> bool:
        """True as soon as nothing of the document is undelivered, False after `timeout` seconds."""
        document = self._undelivered.get(document_id)
        try:
            async with asyncio.timeout(timeout):
                if document is None:
                    return not await self._pending(document_id)
                await document.idle.wait()
        except (TimeoutError, Unavailable):
            return False
        return True

    async def deliver_pending(self, document_id: str) -> bool:
        """Delivers the events that wait in the document, and clears them; False if that failed. Needs no
        `start`. Raises `StoreUnavailable`, and ValueError or KeyError if an event cannot be read."""
        events = [Event.from_json(event) for event in await self._pending(document_id)]
        if not await self._dispatcher.redeliver(document_id, events):
            return False
        await self._clear(document_id)
        return True

    async def _pending(self, document_id: str) -> Sequence[Json]:
        """The events in the stored document."""
        _, store = self._require_attached()
        document = await store.get(document_id)
        return (document.body.get(PENDING_EVENTS) or ()) if document is not None else ()

    async def _clear(self, document_id: str) -> None:
        repository, _ = self._require_attached()
        document = self._undelivered.get(document_id)
        if document is None or document.is_busy:
            return
        delivered = frozenset(document.delivered)
        await repository.clear_delivered(document_id, delivered)
        document.delivered -= delivered
        self._undelivered.forget(document_id)

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
