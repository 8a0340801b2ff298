"""Repositories of counters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.settings import ServiceSettings
from shared.store.ports import Collection, DocumentStore
from shared.store.repository import AggregateRepository
from shared.store.sqlite.factory import SqliteStoreFactory
from tests.support.counters import COUNTER_FIELDS, Counter, CounterCodec, RecordingSink
from tests.support.stores import things


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
