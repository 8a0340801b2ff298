"""The contract of a document store for single documents."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.ids import new_id
from shared.store.factory import StoreFactory
from shared.store.ports import (
    AlreadyExists,
    Collection,
    DocumentStore,
    Field,
    FieldType,
    InvalidDocument,
    Json,
    VersionConflict,
)
from tests.support.stores import things

BODY = {
    "name": "Ørsted ☂",
    "tags": ["a", "b"],
    "text": "some words",
    "size": 2**53 + 1,
    "made_at": "2026-01-31T12:00:00.123Z",
    "is_new": False,
    "anything": {"deep": [1, {"x": None}, "y"], "number": 1.5, "": {}},
}
UNDECLARED: list[Json] = [
    {"unknown": 1},
    {"id": "one"},
    {"name": 5},
    {"size": "5"},
    {"size": True},
    {"size": 1.5},
    {"is_new": "yes"},
    {"made_at": 5},
    {"tags": ["a", 5]},
    {"name": {"an": "object"}},
]
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.$ \"'", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture
async def store(store_factory: StoreFactory) -> DocumentStore:
    return await store_factory.open(things())


async def test_a_created_document_is_read_as_it_was_written(store: DocumentStore) -> None:
    version = await store.create("one", BODY)
    document = await store.get("one")
    assert document is not None
    assert (document.id, document.version, document.body) == ("one", version, BODY)


@settings(max_examples=25)
@given(value=JSON_VALUES)
async def test_an_opaque_field_keeps_any_json(store: DocumentStore, value: Any) -> None:
    id = new_id()
    await store.create(id, {"anything": value})
    document = await store.get(id)
    assert document is not None
    assert document.body == {"anything": value}


async def test_an_absent_document_is_none(store: DocumentStore) -> None:
    assert await store.get("nobody") is None


async def test_what_cannot_be_an_id_is_not_found_and_not_written(store: DocumentStore) -> None:
    for id in ("", "x" * 513, "\ud800"):
        assert await store.get(id) is None
        with pytest.raises(InvalidDocument):
            await store.create(id, {})


async def test_an_id_may_hold_any_characters(store: DocumentStore) -> None:
    for id in ("x" * 512, "a/b?c=d&e", "ü%20 ö", '"quoted"', "_all"):
        version = await store.create(id, {"size": 1})
        version = await store.replace(id, {"size": 2}, version)
        await store.refresh()
        assert [document.id async for document in store.scan()] == [id]
        await store.delete(id, version)
        assert await store.get(id) is None


async def test_get_many_keeps_the_order_and_repeats(store: DocumentStore) -> None:
    await asyncio.gather(*(store.create(f"d{n}", {"size": n}) for n in range(5)))
    documents = await store.get_many(["d3", "none", "d0", "d3", ""])
    assert [document and document.body["size"] for document in documents] == [3, None, 0, 3, None]
    assert await store.get_many([]) == []


async def test_create_refuses_an_id_that_is_taken(store: DocumentStore) -> None:
    await store.create("one", {"size": 1})
    with pytest.raises(AlreadyExists):
        await store.create("one", {"size": 2})
    document = await store.get("one")
    assert document is not None
    assert document.body == {"size": 1}


async def test_replace_needs_the_version_that_is_there(store: DocumentStore) -> None:
    first = await store.create("one", {"size": 1})
    second = await store.replace("one", {"name": "new"}, first)
    assert second != first
    with pytest.raises(VersionConflict):
        await store.replace("one", {"size": 3}, first)
    document = await store.get("one")
    assert document is not None
    assert (document.version, document.body) == (second, {"name": "new"})


async def test_delete_needs_the_version_that_is_there(store: DocumentStore) -> None:
    first = await store.create("one", {})
    second = await store.replace("one", {}, first)
    with pytest.raises(VersionConflict):
        await store.delete("one", first)
    await store.delete("one", second)
    assert await store.get("one") is None
    with pytest.raises(VersionConflict):
        await store.delete("one", second)


async def test_no_version_fits_a_document_that_is_not_there(store: DocumentStore) -> None:
    for version in ("", "1", "0/1", "1/1", "junk", "1/", "-1/1", "1e0", "999999999999"):
        with pytest.raises(VersionConflict):
            await store.replace("nobody", {}, version)
        with pytest.raises(VersionConflict):
            await store.delete("nobody", version)


async def test_a_version_never_comes_again(store: DocumentStore) -> None:
    versions = []
    for _ in range(5):
        created = await store.create("one", {})
        replaced = await store.replace("one", {}, created)
        versions += [created, replaced]
        await store.delete("one", replaced)
    assert len(set(versions)) == len(versions)


async def test_what_is_not_declared_is_refused(store: DocumentStore) -> None:
    version = await store.create("one", {"size": 1})
    for body in UNDECLARED:
        with pytest.raises(InvalidDocument):
            await store.create("two", body)
        with pytest.raises(InvalidDocument):
            await store.replace("one", body, version)
    assert await store.get("two") is None
    assert await store.replace("one", {"size": 2}, version)


async def test_a_declared_field_may_be_missing_or_null(store: DocumentStore) -> None:
    body = dict.fromkeys(BODY)
    await store.create("one", body)
    document = await store.get("one")
    assert document is not None
    assert document.body == body


@pytest.mark.parametrize("name", ["id", "_id", "with.dot", "Upper", "quo'te", ""])
async def test_a_field_name_that_means_something_else_is_refused(
    store_factory: StoreFactory, name: str
) -> None:
    with pytest.raises(ValueError, match="field"):
        await store_factory.open(things(**{name: Field(FieldType.LONG)}))


@pytest.mark.parametrize("name", ["../up", "Upper", "", "a-b", "*"])
async def test_a_collection_name_that_means_something_else_is_refused(
    store_factory: StoreFactory, name: str
) -> None:
    with pytest.raises(ValueError, match="collection name"):
        await store_factory.open(Collection(name, 1, {}))


async def test_opening_again_keeps_what_is_there(store_factory: StoreFactory) -> None:
    collection = things()
    first = await store_factory.open(collection)
    version = await first.create("one", {"size": 1})
    second = await store_factory.open(collection)
    await second.replace("one", {"size": 2}, version)
    document = await first.get("one")
    assert document is not None
    assert document.body == {"size": 2}
