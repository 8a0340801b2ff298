"""The failures of a document store. Their messages name the setting to check."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

import pytest

from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.store.factory import StoreFactory, create_store_factory
from shared.store.ports import Query, SchemaMismatch, StoreUnavailable
from shared.store.sqlite.factory import SqliteStoreFactory
from shared.store.sqlite.thread import connect
from tests.support.elasticsearch import delete_indices
from tests.support.proxy import Proxy
from tests.support.stores import failures, things
from tests.support.waiting import eventually


async def test_a_store_that_can_be_used_answers_a_ping(store_factory: StoreFactory) -> None:
    await store_factory.ping()
    await store_factory.open(things())
    await store_factory.ping()


@pytest.mark.parametrize("version", [1, 3])
async def test_another_schema_version_is_refused(store_factory: StoreFactory, version: int) -> None:
    collection = things(schema_version=2)
    await store_factory.open(collection)
    with pytest.raises(SchemaMismatch, match="trolley migrate"):
        await store_factory.open(things(version, collection.name))


async def test_an_unreachable_elasticsearch_is_named(free_port: int) -> None:
    url = f"http://elastic:secret@127.0.0.1:{free_port}"
    factory = create_store_factory(ServiceSettings(elasticsearch_url=url))
    try:
        for use in (factory.ping(), factory.open(things())):
            with pytest.raises(StoreUnavailable, match="ELASTICSEARCH_URL") as caught:
                await use
            assert f"127.0.0.1:{free_port}" in caught.value.detail
            assert "secret" not in caught.value.detail
    finally:
        await factory.close()


@pytest.mark.elasticsearch
async def test_an_index_that_is_deleted_is_not_made_anew_by_a_write(elasticsearch_url: str) -> None:
    """Elasticsearch would create an index without the mapping."""
    prefix = f"test-{new_id()}-"
    settings = ServiceSettings(elasticsearch_url=elasticsearch_url, elasticsearch_index_prefix=prefix)
    factory = create_store_factory(settings)
    collection = things()
    store = await factory.open(collection)
    version = await store.create("one", {})
    delete_indices(elasticsearch_url, prefix)
    operations = [
        store.get("one"),
        store.create("two", {}),
        store.replace("one", {}, version),
        store.refresh(),
    ]
    results, raised = await failures([*operations, store.delete("one", version)])
    assert results == []
    assert {type(error) for error in raised} == {SchemaMismatch}
    again = await factory.open(collection)
    assert await again.get("one") is None
    await factory.close()
    delete_indices(elasticsearch_url, prefix)


@pytest.mark.elasticsearch
@pytest.mark.parametrize("is_frozen", [True, False], ids=["frozen", "killed"])
async def test_an_elasticsearch_that_is_away_is_refused_until_it_is_back(
    elasticsearch_url: str, is_frozen: bool
) -> None:
    """Every operation fails, also those in the queue, and only the first request is sent."""
    prefix, collection = f"test-{new_id()}-", things()
    async with Proxy.to(elasticsearch_url) as proxy:
        settings = ServiceSettings(elasticsearch_url=proxy.url, elasticsearch_index_prefix=prefix)
        factory = create_store_factory(settings)
        store = await factory.open(collection)
        await store.create("one", {"size": 1})
        if is_frozen:
            proxy.freeze()
        else:
            await proxy.away()
        for _ in range(2):
            writes = [store.create(new_id(), {}) for _ in range(300)]
            reads = [store.get("one"), store.find(Query()), store.refresh()]
            results, raised = await failures([*writes, *reads])
            assert results == []
            assert {type(error) for error in raised} == {StoreUnavailable}
        assert proxy.held.count(b"/_bulk") == is_frozen
        if is_frozen:
            proxy.thaw()
        else:
            await proxy.back()

        async def is_back() -> bool:
            with contextlib.suppress(StoreUnavailable):
                return await store.get("one") is not None
            return False

        await eventually(is_back)
        assert await store.create("two", {"size": 2})
        await factory.close()
    delete_indices(elasticsearch_url, prefix)


async def test_a_sqlite_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for directory in (file, file / "below"):
        factory = SqliteStoreFactory.of(ServiceSettings(sqlite_directory=directory))
        for use in (factory.ping(), factory.open(things())):
            with pytest.raises(StoreUnavailable, match="SQLITE_DIRECTORY"):
                await use


async def test_a_sqlite_directory_without_write_permission_is_named(tmp_path: Path) -> None:
    directory = tmp_path / "closed"
    directory.mkdir(mode=0o500)
    if _can_write(directory):
        pytest.skip("this user may write everywhere")
    with pytest.raises(StoreUnavailable, match=r"SQLITE_DIRECTORY .* not writable"):
        await SqliteStoreFactory.of(ServiceSettings(sqlite_directory=directory)).ping()


def _can_write(directory: Path) -> bool:
    try:
        (directory / "probe").touch()
    except PermissionError:
        return False
    return True


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    collection = things()
    (tmp_path / f"{collection.name}.sqlite3").write_text(
        "this is no database, and it is long enough to tell" * 50
    )
    factory = SqliteStoreFactory.of(ServiceSettings(sqlite_directory=tmp_path))
    with pytest.raises(StoreUnavailable, match="not a database"):
        await factory.open(collection)
    await factory.close()


async def test_a_sqlite_file_that_was_removed_while_in_use_is_noticed(tmp_path: Path) -> None:
    directory, collection = tmp_path / "store", things()
    factory = SqliteStoreFactory.of(ServiceSettings(sqlite_directory=directory))
    await factory.open(collection)
    await factory.ping()
    shutil.rmtree(directory)
    with pytest.raises(StoreUnavailable, match="was removed while it was in use"):
        await factory.ping()
    await factory.close()


async def test_a_sqlite_lock_held_for_long_makes_writes_unavailable_and_reads_go_on(tmp_path: Path) -> None:
    collection = things()
    factory = SqliteStoreFactory.of(ServiceSettings(sqlite_directory=tmp_path))
    store = await factory.open(collection)
    await store.create("one", {"size": 1})
    other = connect(factory.path(collection))
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(store.create("two", {}))
    assert await store.get("one") is not None
    await factory.ping()
    assert not write.done()
    with pytest.raises(StoreUnavailable, match="locked"):
        await write
    other.rollback()
    other.close()
    assert await store.create("two", {})
    await factory.close()
