"""Aggregates in a document store: read, change, compare-and-swap, and repeat after a conflict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any, Generic, Protocol, TypeVar

import structlog

from shared.aggregates import outbox_fields
from shared.aggregates.change import Change
from shared.aggregates.coalescing import Applied, QueuedChange, apply_all
from shared.aggregates.hot import Held, HotAggregates
from shared.aggregates.outbox_fields import EventSink, PendingEvents
from shared.aggregates.ports import ListPage
from shared.errors import Unavailable
from shared.observability.metrics import STORE_CONFLICTS
from shared.store.ports import (
    AlreadyExists,
    Condition,
    Document,
    DocumentStore,
    Json,
    Query,
    StoreOverloaded,
    VersionConflict,
)

A = TypeVar("A")
R = TypeVar("R")

_WAITING_LIMIT = 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.1  # seconds
_log = structlog.get_logger(__name__)


class Codec(Protocol[A]):
    """Converts between an aggregate and the fields of its document."""

    def to_document(self, aggregate: A) -> Json: ...

    def from_document(self, id: str, body: Json) -> A: ...


class AggregateRepository(Generic[A]):
    """The aggregates of one collection. They are immutable values; a change makes a new one.

    With a `sink`, a write also keeps the events of its changes in the document until the sink has delivered
    them. With `hot_bytes` of memory, a recently used aggregate is changed without a read. The
    compare-and-swap shows whether it was the newest, and no caller gets a result before that.
    """

    def __init__(
        self,
        store: DocumentStore,
        codec: Codec[A],
        sink: EventSink | None = None,
        *,
        hot_bytes: int = 0,
        max_attempts: int = 50,
    ) -> None:
        self._store = store
        self._codec = codec
        self._sink = sink
        self._max_attempts = max_attempts
        self._hot: HotAggregates[A] = HotAggregates(hot_bytes)
        self._waiting: dict[str, list[QueuedChange[A]]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._conflicts = STORE_CONFLICTS.labels(store.collection.name)
        if sink is not None:
            sink.attach(self, store)

    async def get(self, id: str) -> A | None:
        """The aggregate after its last acknowledged write by any replica. Raises `StoreUnavailable` and
        `StoreOverloaded`."""
        return (await self._read(id)).aggregate

    async def get_perhaps_outdated(self, id: str) -> A | None:
        """The aggregate, perhaps as it was before another replica's last write. It costs no read if it was
        recently used. For what never changes, or before an `update`. Raises as `get` does."""
        hot = self._hot.get(id)
        return hot.aggregate if hot is not None else await self.get(id)

    async def get_many(self, ids: Sequence[str]) -> list[A | None]:
        """The aggregates in the order of `ids`; None for those that do not exist."""
        return [self._held(document).aggregate for document in await self._store.get_many(ids)]

    async def find(self, query: Query) -> ListPage[A]:
        """A page of the matches, about a second old. Raises `StoreUnavailable`, `StoreOverloaded`."""
        found = await self._store.find(query)
        items = [self._decode(document)[0] for document in found.documents]
        return ListPage(items, found.total, found.total_is_exact, found.next_after)

    async def scan(self, conditions: Sequence[Condition] = (), *, batch: int = 500) -> AsyncIterator[A]:
        """Every match, about a second old, read page by page. Raises `StoreUnavailable`."""
        async for document in self._store.scan(conditions, batch=batch):
            yield self._decode(document)[0]

    async def refresh(self) -> None:
        """Makes every write acknowledged before this call visible to `find` and `scan`."""
        await self._store.refresh()

    async def update(
        self, id: str, change: Callable[[A | None], Change[A, R]], *, is_first: bool = False
    ) -> R:
        """Applies `change` to the newest aggregate (None if there is none), and returns its result when that
        is durable.

        `change` must be a pure function: it is called again after another write. Its exception reaches only
        its caller. Changes that arrive during a write go together in the next write, in order. The change of
        a cancelled caller may be written. With `is_first` it saves the read of a document that is probably
        not there. Raises `StoreUnavailable` (the outcome is unknown) and `StoreOverloaded` (nothing was
        written).
        """
        result: R = await self._enqueue(id, QueuedChange(change, is_first=is_first))
        return result

    async def remove(
        self, id: str, check: Callable[[A], None] = lambda _: None, *, even_with_events: bool = True
    ) -> bool:
        """Deletes the document. Returns False if there is none, or if it has undelivered events and
        `even_with_events` is False; otherwise they are deleted with it.

        `check` gets the newest aggregate. If it raises, nothing is deleted.
        """
        for attempt in range(self._max_attempts):
            held = await self._read(id)
            if held.version is None or held.aggregate is None:
                return False
            if held.pending and not even_with_events:
                return False
            check(held.aggregate)
            try:
                await self._store.delete(id, held.version)
            except VersionConflict:
                await _pause(attempt)
            else:
                return True
            finally:
                self._hot.drop(id)
        raise self._contended(id)

    async def clear_delivered(self, id: str, event_ids: Collection[str]) -> None:
        """Drops delivered events from the document. Best effort: while the store is away they stay, and are
        delivered again."""
        try:
            await self._enqueue(id, QueuedChange(None, frozenset(event_ids)))
        except Unavailable as error:
            _log.debug("delivered events were not cleared", document_id=id, reason=error.detail)

    async def delivered(self, id: str, timeout_seconds: float) -> bool:
        """Waits until every event of this aggregate is delivered. False when that takes longer."""
        return self._sink is None or await self._sink.flushed(id, timeout_seconds)

    def note_derived(self, id: str, derived_bytes: int) -> None:
        """Counts the memory of values that are derived from the newest aggregate and kept with it."""
        self._hot.note_derived(id, derived_bytes)

    def _enqueue(self, id: str, change: QueuedChange[A]) -> asyncio.Future[Any]:
        waiting = self._waiting.get(id)
        if waiting is None:
            self._waiting[id] = [change]
            worker = asyncio.create_task(self._work(id))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        elif len(waiting) < _WAITING_LIMIT:
            waiting.append(change)
        else:
            raise self._contended(id)
        return change.future

    async def _work(self, id: str) -> None:
        """Writes the queued changes of one document, all waiting ones together, until none is left.

        It runs in a task of its own, so a caller that is cancelled does not cancel the writes of others.
        """
        changes: list[QueuedChange[A]] = []
        try:
            while changes := self._waiting[id]:
                self._waiting[id] = []
                await self._write_together(id, [change for change in changes if not change.future.done()])
        finally:
            for change in [*changes, *self._waiting.pop(id)]:
                change.future.cancel()  # only open ones: the worker itself was cancelled

    async def _write_together(self, id: str, changes: Sequence[QueuedChange[A]]) -> None:
        outcomes: Sequence[Change[A, Any] | Exception]
        try:
            outcomes = await self._commit(id, changes)
        except Unavailable as error:
            outcomes = [error] * len(changes)
        except Exception as error:
            if len(changes) > 1:  # one of them cannot be stored; the others can
                for change in changes:
                    await self._write_together(id, [change])
                return
            outcomes = [error]
        for change, outcome in zip(changes, outcomes, strict=True):
            change.finish(outcome)

    async def _commit(self, id: str, changes: Sequence[QueuedChange[A]]) -> list[Change[A, Any] | Exception]:
        hot = self._hot.get(id)
        if hot is None and all(change.is_first for change in changes):
            hot = Held(None, None)
        if hot is not None:
            applied = await self._attempt(id, changes, hot, is_fresh=False)
            if applied is not None:
                return applied.outcomes
        for attempt in range(self._max_attempts):
            applied = await self._attempt(id, changes, await self._read(id), is_fresh=True)
            if applied is not None:
                return applied.outcomes
            await _pause(attempt)
        raise self._contended(id)

    async def _attempt(
        self, id: str, changes: Sequence[QueuedChange[A]], held: Held[A], *, is_fresh: bool
    ) -> Applied[A] | None:
        """None if `held` is not the newest version, or if no write has proved that it is."""
        applied = apply_all(changes, held)
        pending = self._still_pending(id, changes, held)
        clears = len(pending) < len(held.pending) and any(change.delivered for change in changes)
        if applied.aggregate is None or not (applied.is_changed or clears):
            return applied if is_fresh else None
        pending += tuple(event.to_json() for event in applied.events)
        body = self._codec.to_document(applied.aggregate)
        if self._sink is not None:
            body = outbox_fields.joined(body, pending)
        try:
            version = await self._write(id, body, held.version)
        except (VersionConflict, AlreadyExists):
            self._hot.drop(id)
            self._conflicts.inc()
            return None
        self._hot.put(id, Held(applied.aggregate, version, pending), body)
        if self._sink is not None and applied.events:
            self._sink.dispatch(id, applied.events)
        return applied

    def _still_pending(self, id: str, changes: Sequence[QueuedChange[A]], held: Held[A]) -> PendingEvents:
        delivered = frozenset().union(*(change.delivered for change in changes))
        if self._sink is not None and held.pending:
            delivered |= self._sink.delivered_ids(id)
        return outbox_fields.without(held.pending, delivered)

    async def _write(self, id: str, body: Json, version: str | None) -> str:
        if version is None:
            return await self._store.create(id, body)
        return await self._store.replace(id, body, version)

    async def _read(self, id: str) -> Held[A]:
        document = await self._store.get(id)
        held = self._held(document)
        if document is not None:
            self._hot.put(id, held, document.body)
        return held

    def _held(self, document: Document | None) -> Held[A]:
        if document is None:
            return Held(None, None)
        aggregate, pending = self._decode(document)
        return Held(aggregate, document.version, pending)

    def _decode(self, document: Document) -> tuple[A, PendingEvents]:
        fields, pending = outbox_fields.split(document.body)
        return self._codec.from_document(document.id, fields), pending

    def _contended(self, id: str) -> StoreOverloaded:
        name = self._store.collection.name
        return StoreOverloaded(f"Too many changes of {name}/{id} at the same time. Try again shortly.")


async def _pause(attempt: int) -> None:
    await asyncio.sleep(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)))
