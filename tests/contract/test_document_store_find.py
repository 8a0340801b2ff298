"""The contract of a document store for `find`, compared with a model in Python."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.store.factory import StoreFactory
from shared.store.ports import Between, Condition, DocumentStore, Equals, Field, FieldType, Json, OneOf, Query
from tests.support.stores import things

NAMES = ["", "Zebra", "apple", "zebra", "Äpfel", "☂"]
DATES = [f"2026-01-{day:02}T00:00:00.000Z" for day in range(1, 8)]
SORTS = ["name", "-name", "size", "-size", "made_at", "-made_at"]


def make_documents(count: int) -> dict[str, Json]:
    """Documents of every kind: fields missing, null, repeated and in lists."""
    choose = random.Random(7)
    values: dict[str, list[Any]] = {
        "name": [*NAMES, None],
        "tags": [[], ["a"], ["a", "b"], ["c"], "a", None],
        "size": [-3, 0, 0, 1, 2, 2**40, None],
        "made_at": [*DATES, None],
        "is_new": [True, False, None],
    }
    kept = 0.8
    return {
        f"{choose.randrange(10**6):06}-{n}": {
            field: choose.choice(options) for field, options in values.items() if choose.random() < kept
        }
        for n in range(count)
    }


DOCUMENTS = make_documents(60)


def matches(body: Json, condition: Condition) -> bool:
    held = body.get(condition.field)
    values = [value for value in (held if isinstance(held, list) else [held]) if value is not None]
    if isinstance(condition, Equals):
        return condition.value in values
    if isinstance(condition, OneOf):
        return any(value in condition.values for value in values)
    low, high = condition.at_least, condition.below
    return any((low is None or value >= low) and (high is None or value < high) for value in values)


def expected_ids(query: Query) -> list[str]:
    """The matching documents in order: UTF-8 order of text, missing values last, then by id."""
    ids = sorted(id for id, body in DOCUMENTS.items() if all(matches(body, c) for c in query.conditions))
    for name in reversed(query.sort):
        field = name.removeprefix("-")
        present = [id for id in ids if DOCUMENTS[id].get(field) is not None]
        missing = [id for id in ids if DOCUMENTS[id].get(field) is None]
        present.sort(key=partial(_sort_key, field), reverse=name.startswith("-"))
        ids = present + missing
    return ids


def _sort_key(field: str, id: str) -> Any:
    value = DOCUMENTS[id][field]
    return value.encode() if isinstance(value, str) else value


CONDITIONS = st.one_of(
    st.builds(Equals, st.just("name"), st.sampled_from(NAMES)),
    st.builds(Equals, st.just("tags"), st.sampled_from("abcd")),
    st.builds(Equals, st.just("is_new"), st.booleans()),
    st.builds(OneOf, st.just("tags"), st.lists(st.sampled_from("abcd"), max_size=3)),
    st.builds(OneOf, st.just("size"), st.lists(st.integers(-3, 3), max_size=3)),
    st.builds(Between, st.just("size"), st.none() | st.integers(-4, 3), st.none() | st.integers(-4, 3)),
    st.builds(
        Between, st.just("made_at"), st.none() | st.sampled_from(DATES), st.none() | st.sampled_from(DATES)
    ),
    st.builds(Between, st.just("tags"), st.sampled_from("abc"), st.none()),
)
QUERIES = st.builds(
    Query,
    st.lists(CONDITIONS, max_size=2),
    st.lists(st.sampled_from(SORTS), max_size=2, unique_by=lambda name: name.removeprefix("-")),
    st.integers(1, 70),
)


@pytest.fixture
async def store(store_factory: StoreFactory) -> DocumentStore:
    store = await store_factory.open(things())
    await asyncio.gather(*(store.create(id, body) for id, body in DOCUMENTS.items()))
    await store.refresh()
    return store


@settings(max_examples=60)
@given(query=QUERIES)
async def test_pages_hold_what_matches_in_order(store: DocumentStore, query: Query) -> None:
    wanted, seen = expected_ids(query), []
    page_query: Query | None = query
    while page_query is not None:
        page = await store.find(page_query)
        assert (page.total, page.total_is_exact) == (len(wanted), True)
        assert len(page.documents) <= query.limit
        assert all(document.body == DOCUMENTS[document.id] for document in page.documents)
        seen += [document.id for document in page.documents]
        after = page.next_after
        page_query = Query(query.conditions, query.sort, query.limit, after) if after is not None else None
    assert seen == wanted


async def test_the_last_page_says_so_even_when_it_is_full(store: DocumentStore) -> None:
    assert (await store.find(Query(limit=len(DOCUMENTS)))).next_after is None
    assert (await store.find(Query(limit=len(DOCUMENTS) - 1))).next_after is not None


async def test_a_found_document_can_be_replaced_at_its_version(store: DocumentStore) -> None:
    document = (await store.find(Query(limit=1))).documents[0]
    assert await store.replace(document.id, {"size": 5}, document.version)


async def test_scan_gives_everything_by_id_whatever_the_page(store: DocumentStore) -> None:
    for batch in (1, 7, 1000):
        assert [document.id async for document in store.scan(batch=batch)] == sorted(DOCUMENTS)
    conditions = [Equals("tags", "a")]
    assert [document.id async for document in store.scan(conditions, batch=3)] == expected_ids(
        Query(conditions)
    )


async def test_refresh_shows_every_acknowledged_write(store: DocumentStore) -> None:
    for n in range(5):
        await store.create(f"fresh-{n}", {"name": "fresh"})
        await asyncio.gather(*(store.refresh() for _ in range(3)))
        assert (await store.find(Query([Equals("name", "fresh")]))).total == n + 1


@pytest.mark.parametrize("field", ["unknown", "text", "anything", "id", "name' OR 1=1 --"])
async def test_a_field_that_cannot_be_searched_is_refused(store: DocumentStore, field: str) -> None:
    with pytest.raises(ValueError, match="searched"):
        await store.find(Query([Equals(field, "x")]))
    with pytest.raises(ValueError, match="searched"):
        await store.find(Query(sort=[field]))


async def test_totals_beyond_ten_thousand_are_a_lower_bound(store_factory: StoreFactory) -> None:
    store = await store_factory.open(things(kind=Field(FieldType.LONG)))
    for start in range(0, 10_001, 2_000):
        count = min(2_000, 10_001 - start)
        await asyncio.gather(*(store.create(f"{start + n}", {"kind": n % 2}) for n in range(count)))
    await store.refresh()
    page = await store.find(Query(limit=1))
    assert (page.total, page.total_is_exact) == (10_000, False)
    page = await store.find(Query([Equals("kind", 0)], limit=1))
    assert page.total_is_exact
    assert page.total == 5_001
