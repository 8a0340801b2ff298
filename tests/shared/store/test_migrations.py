"""Changing a collection's schema, in every store, while the former release runs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from shared.settings import ServiceSettings
from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
from shared.store.factory import create_store_factory
from shared.store.migrations import MigrationReport, migrate
from shared.store.ports import (
    Collection,
    DocumentStore,
    Equals,
    Field,
    FieldType,
    InvalidDocument,
    Query,
    SchemaMismatch,
    StoreUnavailable,
    VersionConflict,
)
from shared.store.sqlite.factory import SqliteStoreFactory
from tests.support.stores import failures, things
from tests.support.waiting import eventually

Factory = ElasticsearchStoreFactory | SqliteStoreFactory
OLD = things()
NEW = Collection(OLD.name, 2, {**OLD.fields, "colour": Field(FieldType.KEYWORD)})


async def ids_of(store: DocumentStore) -> list[str]:
    await store.refresh()
    return [document.id async for document in store.scan()]


async def test_a_collection_that_is_not_there_is_made(store_factory: Factory) -> None:
    report = await migrate(store_factory, NEW)
    assert report == MigrationReport(NEW.name, None, 2, 0)
    assert report.was_needed
    assert await (await store_factory.open(NEW)).create("one", {"colour": "red"})


async def test_a_name_that_means_something_else_is_refused(store_factory: Factory) -> None:
    with pytest.raises(ValueError, match="not a collection name"):
        await migrate(store_factory, Collection("../up", 1, {}))


async def test_a_collection_of_this_schema_is_left_alone(store_factory: Factory) -> None:
    store = await store_factory.open(OLD)
    version = await store.create("one", {})
    report = await migrate(store_factory, OLD)
    assert not report.was_needed
    assert await store.replace("one", {"size": 1}, version)


async def test_documents_come_along_and_new_fields_can_be_searched(store_factory: Factory) -> None:
    old = await store_factory.open(OLD)
    bodies = {f"d{n:04}": {"size": n, "tags": ["a"], "anything": {"n": [n]}} for n in range(1200)}
    await asyncio.gather(*(old.create(id, body) for id, body in bodies.items()))
    steps: list[int] = []
    report = await migrate(store_factory, NEW, steps.append)
    assert (report.from_version, report.to_version) == (1, 2)
    assert report.documents == steps[-1] == 1200
    assert steps == sorted(steps)
    assert len(steps) > 1
    new = await store_factory.open(NEW)
    found = {document.id: document.body async for document in new.scan()}
    assert found == bodies
    document = await new.get("d0007")
    assert document is not None
    await new.replace("d0007", {"colour": "red"}, document.version)
    await new.refresh()
    assert (await new.find(Query([Equals("colour", "red")]))).total == 1


async def test_the_former_release_cannot_write_afterwards(store_factory: Factory) -> None:
    old = await store_factory.open(OLD)
    version = await old.create("one", {"size": 1})
    await migrate(store_factory, NEW)
    results, raised = await failures(
        [old.create("two", {}), old.replace("one", {}, version), old.delete("one", version)]
    )
    assert results == []
    assert {type(error) for error in raised} == {SchemaMismatch}
    with pytest.raises(SchemaMismatch, match="trolley migrate"):
        await store_factory.open(OLD)
    with pytest.raises(SchemaMismatch, match=r"newer|needs 1"):
        await migrate(store_factory, OLD)
    new = await store_factory.open(NEW)
    document = await new.get("one")
    assert document is not None
    assert document.body == {"size": 1}


async def test_what_does_not_fit_changes_nothing(store_factory: Factory) -> None:
    old = await store_factory.open(OLD)
    version = await old.create("one", {"size": 1})
    without_size = {name: field for name, field in NEW.fields.items() if name != "size"}
    with pytest.raises(InvalidDocument):
        await migrate(store_factory, Collection(NEW.name, 2, without_size))
    version = await old.replace("one", {"name": "fits"}, version)
    assert (await migrate(store_factory, NEW)).documents == 1
    assert await ids_of(await store_factory.open(NEW)) == ["one"]
    with pytest.raises(SchemaMismatch):
        await old.replace("one", {}, version)


async def test_an_interrupted_migration_loses_nothing_and_can_be_run_again(store_factory: Factory) -> None:
    old = await store_factory.open(OLD)
    await asyncio.gather(*(old.create(f"d{n:04}", {"size": n}) for n in range(600)))
    interrupted = asyncio.create_task(migrate(store_factory, NEW, lambda _: interrupted.cancel()))
    await asyncio.wait([interrupted])
    with suppress(SchemaMismatch):  # in SQLite it may have been too late to interrupt it
        await old.create("between", {"size": -1})
    await migrate(store_factory, NEW)
    new = await store_factory.open(NEW)
    assert {f"d{n:04}" for n in range(600)} <= set(await ids_of(new))
    assert await new.create("after", {"colour": "red"})


async def test_a_failure_of_the_last_step_lets_the_former_release_write_again(store_factory: Factory) -> None:
    if isinstance(store_factory, SqliteStoreFactory):
        pytest.skip("SQLite has one step")
    old = await store_factory.open(OLD)
    await asyncio.gather(*(old.create(f"d{n:04}", {"size": n}) for n in range(1500)))
    meanwhile: list[asyncio.Task[str]] = []

    def interrupt_when_copying_what_came_meanwhile(count: int) -> None:
        if not meanwhile:
            meanwhile.append(asyncio.create_task(old.create("meanwhile", {})))
        if count > 1500:
            migration.cancel()

    migration = asyncio.create_task(migrate(store_factory, NEW, interrupt_when_copying_what_came_meanwhile))
    await asyncio.wait([migration])
    assert migration.cancelled()
    version = await meanwhile[0]
    assert await old.replace("meanwhile", {"size": 1}, version)
    assert (await migrate(store_factory, NEW)).was_needed


async def test_no_write_that_lands_meanwhile_is_lost(store_settings: dict[str, Any]) -> None:
    """Creates, replaces and deletes through the former release, until it is refused."""
    operator, service = (create_store_factory(ServiceSettings(**store_settings)) for _ in range(2))
    old = await service.open(OLD)
    await asyncio.gather(*(old.create(f"seed{n:04}", {"size": 0}) for n in range(1500)))
    acknowledged: dict[str, int | None] = {}
    writers = [asyncio.create_task(_write_until_refused(old, n, acknowledged)) for n in range(5)]
    await eventually(lambda: len(acknowledged) > 20)
    await migrate(operator, NEW)
    unsure = set().union(*await asyncio.gather(*writers))
    new = await operator.open(NEW)
    for id, size in acknowledged.items():
        document = await new.get(id)
        if id not in unsure:
            assert (document and document.body["size"]) == size, id
    seeds = {f"seed{n:04}" for n in range(1500)} - acknowledged.keys()
    assert seeds <= set(await ids_of(new))
    await asyncio.gather(operator.close(), service.close())


async def _write_until_refused(
    store: DocumentStore, writer: int, acknowledged: dict[str, int | None]
) -> set[str]:
    """Notes what each of its documents is after each acknowledged write; None: deleted. The ids whose last
    write was not acknowledged are given back: those may be either way."""
    unsure: set[str] = set()
    for n in range(writer, 1500, 5):
        seed, own = f"seed{n:04}", f"own{n:04}"
        try:
            unsure |= {seed, own}
            document = await store.get(seed)
            assert document is not None
            acknowledged[own] = None
            version = await store.create(own, {"size": n})
            acknowledged[own] = n
            if n % 3:
                await store.replace(seed, {"size": n}, document.version)
                acknowledged[seed] = n
            else:
                await store.delete(seed, document.version)
                acknowledged[seed] = None
            if n % 2:
                await store.replace(own, {"size": -n}, version)
                acknowledged[own] = -n
            unsure -= {seed, own}
        except (StoreUnavailable, VersionConflict):
            return unsure
    return unsure
