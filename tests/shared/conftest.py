"""Fixtures of several packages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from shared.aggregates.change import Change
from shared.aggregates.outbox import Outbox
from shared.aggregates.repository import AggregateRepository
from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.events.ports import Deliver
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from shared.store.ports import Collection, DocumentStore
from shared.store.sqlite.factory import SqliteStoreFactory
from tests.support.counters import COUNTER_FIELDS, Counter, CounterCodec, RecordingSink
from tests.support.stores import things

COUNTERS = Collection("counters", 1, COUNTER_FIELDS)


@dataclass(frozen=True)
class Replica:
    """One replica's outbox, and the store it shares with others."""

    repository: AggregateRepository[Counter]
    outbox: Outbox
    store: DocumentStore

    async def count(self, id: str) -> str:
        """Counts once more, which is a fact; gives the event's id."""

        def once_more(counter: Counter | None) -> Change[Counter, str]:
            present = counter or Counter(id)
            changed = replace(present, count=present.count + 1)
            event = Event.new("counter.counted", id, changed.count, SystemClock().now(), {})
            return Change(changed, event.id, [event])

        return await self.repository.update(id, once_more)

    async def pending(self, id: str) -> list[Mapping[str, Any]]:
        document = await self.store.get(id)
        return document.body["pending_events"] if document else []


@asynccontextmanager
async def a_replica(directory: Path, deliver: Deliver, **options: Any) -> AsyncIterator[Replica]:
    """A replica whose outbox is not started yet; it is closed afterwards."""
    factory = create_store_factory(ServiceSettings(sqlite_directory=directory))
    try:
        store = await factory.open(COUNTERS)
        outbox = Outbox(deliver, **options)
        repository = AggregateRepository(store, CounterCodec(), outbox)
        yield Replica(repository, outbox, store)
        await outbox.close()
    finally:
        await factory.close()


class Inbox:
    """A `Deliver` that remembers, and fails while `failure` is set."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self.failure: Exception | None = None
        self.attempts = 0

    @property
    def ids(self) -> list[str]:
        return [event_id for _, event_id in self.received]

    async def __call__(self, document_id: str, events: Any) -> None:
        self.attempts += 1
        if self.failure is not None:
            raise self.failure
        self.received += [(document_id, event.id) for event in events]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def collection() -> Collection:
    return Collection(things().name, 1, COUNTER_FIELDS)


@pytest.fixture
async def store(tmp_path: Path, collection: Collection) -> AsyncIterator[DocumentStore]:
    factory = SqliteStoreFactory.of(ServiceSettings(sqlite_directory=tmp_path))
    yield await factory.open(collection)
    await factory.close()


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture(params=[0, 2**20], ids=["cold", "hot"])
def repository(
    request: pytest.FixtureRequest, store: DocumentStore, sink: RecordingSink
) -> AggregateRepository[Counter]:
    """With and without hot aggregates: no difference may be seen."""
    return AggregateRepository(store, CounterCodec(), sink, hot_bytes=request.param)
