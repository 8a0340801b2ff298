"""Events stay in the changed document until they are delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from shared.aggregates.change import Change
from shared.aggregates.repository import AggregateRepository
from shared.store.ports import Between, DocumentStore, Query
from tests.support.counters import Counter, CounterCodec, RecordingSink, add, event, look
from tests.support.stores import failures

Repository = AggregateRepository[Counter]


async def pending(store: DocumentStore, id: str = "one") -> list[str]:
    document = await store.get(id)
    assert document is not None
    return [kept["id"] for kept in document.body["pending_events"]]


async def test_the_write_keeps_its_events_and_then_hands_them_over(
    repository: Repository, store: DocumentStore, sink: RecordingSink
) -> None:
    await repository.update("one", add("one", events=[event("e1"), event("e2")]))
    assert await pending(store) == ["e1", "e2"]
    assert sink.dispatched == [("one", "e1"), ("one", "e2")]
    document = await store.get("one")
    assert document is not None
    assert document.body["pending_events"][0] == event("e1").to_json()
    assert document.body["pending_since"] == "2026-01-01T00:00:00.000Z"
    assert await repository.get("one") == Counter("one", 1, ("x",))


async def test_the_next_write_drops_what_was_delivered(
    repository: Repository, store: DocumentStore, sink: RecordingSink
) -> None:
    await repository.update("one", add("one", events=[event("e1"), event("e2")]))
    sink.delivered = {"e1"}
    await repository.update("one", add("one", events=[event("e3")]))
    assert await pending(store) == ["e2", "e3"]
    sink.delivered = {"e1", "e2", "e3"}
    await repository.update("one", add("one"))
    assert await pending(store) == []
    document = await store.get("one")
    assert document is not None
    assert document.body["pending_since"] is None


async def test_coalesced_changes_keep_all_their_events_in_order(
    repository: Repository, store: DocumentStore, sink: RecordingSink
) -> None:
    ids = [f"e{n}" for n in range(50)]
    await asyncio.gather(*(repository.update("one", add("one", events=[event(id)])) for id in ids))
    assert await pending(store) == ids
    assert sink.dispatched == [("one", id) for id in ids]


async def test_events_of_a_change_that_was_tried_again_are_kept_once(
    store: DocumentStore, sink: RecordingSink
) -> None:
    replicas = [AggregateRepository(store, CounterCodec(), sink, hot_bytes=2**20) for _ in range(3)]
    ids = [f"e{n}" for n in range(60)]
    await asyncio.gather(
        *(replicas[n % 3].update("one", add("one", events=[event(id)])) for n, id in enumerate(ids))
    )
    assert sorted(await pending(store)) == sorted(ids)
    assert sorted(id for _, id in sink.dispatched) == sorted(ids)


async def test_clearing_drops_delivered_events_and_changes_nothing_else(
    repository: Repository, store: DocumentStore, sink: RecordingSink
) -> None:
    await repository.update("one", add("one", 7, events=[event("e1"), event("e2")]))
    await repository.clear_delivered("one", ["e1", "foreign"])
    assert await pending(store) == ["e2"]
    assert await repository.get("one") == Counter("one", 7, ("x",))
    assert await repository.update("one", add("one")) == 8
    assert len(sink.dispatched) == 2


async def test_clearing_what_is_cleared_or_gone_writes_nothing(
    repository: Repository, store: DocumentStore
) -> None:
    await repository.update("one", add("one", events=[event("e1")]))
    await repository.clear_delivered("one", ["e1"])
    before = await store.get("one")
    await repository.clear_delivered("one", ["e1"])
    await repository.clear_delivered("nobody", ["e1"])
    assert await store.get("one") == before
    assert await store.get("nobody") is None


async def test_clearing_finds_events_that_another_replica_wrote(
    repository: Repository, store: DocumentStore
) -> None:
    """This replica's knowledge of the document must not hide them."""
    await repository.update("one", add("one"))
    other = AggregateRepository(store, CounterCodec(), RecordingSink())
    await other.update("one", add("one", events=[event("e1")]))
    await repository.clear_delivered("one", ["e1"])
    assert await pending(store) == []


async def test_clearing_among_changes_loses_neither(repository: Repository, store: DocumentStore) -> None:
    await repository.update("one", add("one", events=[event("old")]))
    changes = [repository.update("one", add("one", events=[event(f"e{n}")])) for n in range(10)]
    _, raised = await failures([*changes, repository.clear_delivered("one", ["old"])])
    assert raised == []
    assert await pending(store) == [f"e{n}" for n in range(10)]
    counter = await repository.get("one")
    assert counter is not None
    assert counter.count == 11


async def test_a_relay_finds_documents_by_the_age_of_their_oldest_event(
    repository: Repository, store: DocumentStore
) -> None:
    await repository.update("old", add("old", events=[event("e1")]))
    await repository.update("quiet", add("quiet"))

    async def found(below: str) -> Collection[str]:
        page = await store.find(Query([Between("pending_since", below=below)]))
        return [document.id for document in page.documents]

    assert await found("2026-01-01T00:00:00.000Z") == []
    assert await found("2026-01-01T00:00:00.001Z") == ["old"]


def test_events_without_a_write_are_refused() -> None:
    with pytest.raises(ValueError, match="writes nothing"):
        Change(None, None, [event("e1")])


async def test_looking_hands_nothing_over_and_writes_nothing(
    repository: Repository, store: DocumentStore, sink: RecordingSink
) -> None:
    await repository.update("one", add("one", events=[event("e1")]))
    sink.delivered = {"e1"}
    before = await store.get("one")
    await repository.update("one", look)
    assert await store.get("one") == before
    assert len(sink.dispatched) == 1
