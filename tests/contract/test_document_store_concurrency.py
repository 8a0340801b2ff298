"""The contract of a document store for concurrent writes."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.settings import ServiceSettings
from shared.store.factory import StoreFactory, create_store_factory
from shared.store.ports import AlreadyExists, Collection, DocumentStore, StoreOverloaded, VersionConflict
from tests.support.stores import batches, failures, operations, things

ROOT = Path(__file__).parents[2]
INCREMENT = """
import asyncio, sys
from tests.contract.test_document_store_concurrency import increment, opened

async def main(directory, name, times):
    async with opened(directory, name) as store:
        for _ in range(int(times)):
            await increment(store, "counter")

asyncio.run(main(*sys.argv[1:]))
"""


async def increment(store: DocumentStore, id: str) -> None:
    """Adds one to the document's size, while others do the same."""
    while True:
        document = await store.get(id)
        assert document is not None
        try:
            await store.replace(id, {"size": document.body["size"] + 1}, document.version)
        except VersionConflict:
            await asyncio.sleep(0)
        else:
            return


class opened:  # noqa: N801 - reads as a statement: `async with opened(...)`
    """The SQLite collection of that name, in a new factory."""

    def __init__(self, directory: str, name: str) -> None:
        settings = ServiceSettings(elasticsearch_url="", sqlite_directory=Path(directory))
        self._factory = create_store_factory(settings)
        self._collection = things(name=name)

    async def __aenter__(self) -> DocumentStore:
        return await self._factory.open(self._collection)

    async def __aexit__(self, *_: object) -> None:
        await self._factory.close()


@pytest.fixture
def collection() -> Collection:
    return things()


@pytest.fixture
async def store(store_factory: StoreFactory, collection: Collection) -> DocumentStore:
    return await store_factory.open(collection)


async def size_of(store: DocumentStore, id: str) -> Any:
    document = await store.get(id)
    assert document is not None
    return document.body["size"]


async def test_parallel_increments_all_count(store: DocumentStore) -> None:
    await store.create("counter", {"size": 0})
    await asyncio.gather(*(increment(store, "counter") for _ in range(30)))
    assert await size_of(store, "counter") == 30


async def test_increments_through_several_factories_all_count(
    store_settings: dict[str, Any], collection: Collection
) -> None:
    factories = [create_store_factory(ServiceSettings(**store_settings)) for _ in range(3)]
    try:
        stores = await asyncio.gather(*(factory.open(collection) for factory in factories))
        await stores[0].create("counter", {"size": 0})
        await asyncio.gather(*(increment(store, "counter") for store in stores for _ in range(8)))
        assert [await size_of(store, "counter") for store in stores] == [24, 24, 24]
    finally:
        await asyncio.gather(*(factory.close() for factory in factories))


async def test_a_race_to_create_has_one_winner(store: DocumentStore) -> None:
    versions, raised = await failures(store.create("one", {"size": n}) for n in range(20))
    assert Counter(map(type, raised)) == {AlreadyExists: 19}
    assert (await store.get_many(["one"]))[0] is not None
    assert len(versions) == 1


async def test_a_race_to_replace_has_one_winner(store: DocumentStore) -> None:
    version = await store.create("one", {"size": -1})
    tries = (store.replace("one", {"size": n}, version) for n in range(20))
    versions, raised = await failures(tries)
    assert Counter(map(type, raised)) == {VersionConflict: 19}
    document = await store.get("one")
    assert document is not None
    assert document.version == versions[0]


async def test_a_race_to_delete_has_one_winner(store: DocumentStore) -> None:
    version = await store.create("one", {})
    results, raised = await failures(store.delete("one", version) for _ in range(10))
    assert len(results) == 1
    assert Counter(map(type, raised)) == {VersionConflict: 9}


async def test_a_failure_in_a_batch_leaves_the_others_written(store: DocumentStore) -> None:
    await store.create("taken", {})
    results, raised = await failures(
        [store.create("a", {}), store.create("taken", {}), store.create("b", {})]
    )
    assert len(results) == 2
    assert [type(error) for error in raised] == [AlreadyExists]
    assert None not in await store.get_many(["a", "b"])


async def test_operations_share_requests(store: DocumentStore, collection: Collection) -> None:
    await asyncio.gather(*(store.create(f"d{n}", {"size": n}) for n in range(500)))
    assert operations(collection, "write") == 500
    assert batches(collection, "write") <= 5
    documents = await asyncio.gather(*(store.get(f"d{n}") for n in range(500)))
    assert [document and document.body["size"] for document in documents] == list(range(500))
    assert operations(collection, "read") == 500
    assert batches(collection, "read") <= 10


async def test_past_so_many_bytes_writes_are_refused_and_reads_are_not(
    store_settings: dict[str, Any], collection: Collection
) -> None:
    settings = ServiceSettings(**store_settings, store_queue_bytes=2**20)
    factory = create_store_factory(settings)
    try:
        store = await factory.open(collection)
        bodies = ({"anything": {"note": "x" * 2**18}} for _ in range(8))
        written, raised = await failures(store.create(f"d{n}", body) for n, body in enumerate(bodies))
        assert {type(error) for error in raised} == {StoreOverloaded}
        assert len(written) == 3
        found = await store.get_many([f"d{n}" for n in range(8)])
        assert [document is not None for document in found] == [True] * 3 + [False] * 5
        assert await store.create("later", {"anything": {"note": "x" * 2**18}})
    finally:
        await factory.close()


async def test_past_the_queue_limit_operations_are_refused_and_not_written(
    store_settings: dict[str, Any], collection: Collection
) -> None:
    settings = ServiceSettings(**store_settings, store_batch_items=2, store_queue_limit=10)
    factory = create_store_factory(settings)
    try:
        store = await factory.open(collection)
        versions, raised = await failures(store.create(f"d{n}", {}) for n in range(40))
        assert {type(error) for error in raised} == {StoreOverloaded}
        assert all(isinstance(e, StoreOverloaded) and e.headers["Retry-After"] for e in raised)
        await store.refresh()
        assert len([document async for document in store.scan()]) == len(versions) == 10
        assert await store.create("later", {})
    finally:
        await factory.close()


async def test_replicas_may_race_to_open(store_settings: dict[str, Any], collection: Collection) -> None:
    factories = [create_store_factory(ServiceSettings(**store_settings)) for _ in range(6)]
    try:
        stores = await asyncio.gather(*(factory.open(collection) for factory in factories))
        for n, store in enumerate(stores):
            await store.create(f"d{n}", {})
        assert None not in await stores[0].get_many([f"d{n}" for n in range(6)])
    finally:
        await asyncio.gather(*(factory.close() for factory in factories))


async def test_close_finishes_what_was_accepted(
    store_settings: dict[str, Any], collection: Collection
) -> None:
    factory = create_store_factory(ServiceSettings(**store_settings))
    store = await factory.open(collection)
    writes = [asyncio.create_task(store.create(f"d{n}", {})) for n in range(50)]
    await asyncio.sleep(0)
    await factory.close()
    assert len(await asyncio.gather(*writes)) == 50


async def test_several_processes_write_one_sqlite_file(tmp_path: Path) -> None:
    collection = things()
    async with opened(str(tmp_path), collection.name) as store:
        await store.create("counter", {"size": 0})
        arguments = [sys.executable, "-c", INCREMENT, str(tmp_path), collection.name, "40"]
        processes = [await asyncio.create_subprocess_exec(*arguments, cwd=ROOT) for _ in range(3)]
        await asyncio.gather(*(increment(store, "counter") for _ in range(10)))
        assert [await process.wait() for process in processes] == [0, 0, 0]
        assert await size_of(store, "counter") == 130
