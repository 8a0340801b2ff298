"""The search tables follow the documents, also those that were there before."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from product_service.products.store import PRODUCTS, ProductCodec
from product_service.search.ports import SearchQuery
from product_service.search.sqlite import SqliteProductSearch
from product_service.search.sqlite_schema import install
from shared.store.queues import QueueLimits
from shared.store.sqlite.factory import SqliteStoreFactory
from shared.store.sqlite.store import SqliteDocumentStore
from shared.store.sqlite.thread import SqliteThread
from tests.product_service.catalogues import NOW, product

T = TypeVar("T")
LAMP = product("LAMP", name="Lamp", categories=("Lights",))


@pytest.fixture
async def factory(tmp_path: Path) -> AsyncIterator[SqliteStoreFactory]:
    factory = SqliteStoreFactory(tmp_path, QueueLimits(100, 1000))
    yield factory
    await factory.close()


@pytest.fixture
async def store(factory: SqliteStoreFactory) -> SqliteDocumentStore:
    return await factory.open(PRODUCTS)


async def in_file(factory: SqliteStoreFactory, work: Callable[[sqlite3.Connection], T]) -> T:
    thread = SqliteThread(factory.path(PRODUCTS))
    try:
        return await thread.run(work)
    finally:
        await thread.close()


async def found(factory: SqliteStoreFactory, **query: str) -> int:
    search = SqliteProductSearch(factory.path(PRODUCTS))
    await search.open()
    try:
        return (await search.search(SearchQuery(**query), 10)).total
    finally:
        await search.close()


async def put(store: SqliteDocumentStore) -> None:
    await store.create(LAMP.id, ProductCodec().to_document(LAMP))


async def test_products_that_were_there_before_are_found(
    factory: SqliteStoreFactory, store: SqliteDocumentStore
) -> None:
    await put(store)
    assert await found(factory, text="lamp", category="lights") == 1


async def test_tables_of_another_release_are_built_again(
    factory: SqliteStoreFactory, store: SqliteDocumentStore
) -> None:
    await in_file(factory, install)
    await put(store)
    statements = [
        "UPDATE search_release SET digest = 'another'",
        "DELETE FROM search_texts",
        "DELETE FROM search_categories",
    ]
    await in_file(factory, lambda connection: [connection.execute(each) for each in statements] and None)
    assert await found(factory, text="lamp", category="lights") == 1


async def test_installing_again_changes_nothing(
    factory: SqliteStoreFactory, store: SqliteDocumentStore
) -> None:
    await in_file(factory, install)
    await put(store)
    await in_file(factory, install)
    assert await found(factory, text="lamp", category="lights") == 1


async def test_a_write_of_the_outbox_alone_does_not_touch_the_search(
    factory: SqliteStoreFactory, store: SqliteDocumentStore
) -> None:
    await in_file(factory, install)
    await put(store)
    await in_file(factory, lambda connection: connection.execute("DELETE FROM search_texts") and None)
    document = await store.get(LAMP.id)
    assert document is not None
    version = await store.replace(LAMP.id, {**document.body, "pending_since": None}, document.version)
    assert await found(factory, text="lamp") == 0
    revised = LAMP.revised(product("LAMP", name="Lampion").details, NOW)
    await store.replace(LAMP.id, ProductCodec().to_document(revised), version)
    assert await found(factory, text="lampion") == 1
    assert await found(factory, category="lights") == 0
