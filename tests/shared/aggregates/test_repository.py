"""Aggregates in a store are exact under every mixture of callers, replicas and failures."""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter as Tally
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.aggregates.change import Change
from shared.aggregates.hot import BYTES_OF_ENTRY
from shared.aggregates.repository import AggregateRepository
from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from shared.store.ports import Collection, DocumentStore, StoreOverloaded, StoreUnavailable
from tests.support.counters import COUNTER_FIELDS, Counter, CounterCodec, add, fail, look
from tests.support.stores import HookedStore, batches, failures, nothing, operations

Repository = AggregateRepository[Counter]


async def count(repository: Repository, id: str = "one") -> int | None:
    counter = await repository.get(id)
    return counter and counter.count


async def test_an_absent_aggregate_is_none(repository: Repository) -> None:
    assert await repository.get("one") is None
    assert await repository.get_many(["one", "two"]) == [None, None]
    assert await repository.update("one", look) is None
    assert await repository.get("one") is None


async def test_a_change_makes_and_then_changes_the_aggregate(repository: Repository) -> None:
    assert await repository.update("one", add("one", 2, "a")) == 2
    assert await repository.update("one", add("one", 3, "b")) == 5
    assert await repository.get("one") == Counter("one", 5, ("a", "b"))
    assert await repository.get_many(["two", "one"]) == [None, Counter("one", 5, ("a", "b"))]


async def test_a_first_change_costs_no_read_and_overwrites_nothing(
    repository: Repository, collection: Collection
) -> None:
    assert await repository.update("one", add("one", 2, "a"), is_first=True) == 2
    assert operations(collection, "read") == 0
    assert await repository.update("one", add("one", 3, "b"), is_first=True) == 5
    assert await repository.update("none", look, is_first=True) is None
    assert await repository.update("one", look, is_first=True) == 5
    assert await repository.get_many(["one", "none"]) == [Counter("one", 5, ("a", "b")), None]


async def test_parallel_changes_are_written_together_in_order(
    repository: Repository, collection: Collection
) -> None:
    results = await asyncio.gather(*(repository.update("one", add("one", 1, f"{n}")) for n in range(100)))
    assert results == list(range(1, 101))
    counter = await repository.get("one")
    assert counter is not None
    assert counter.names == tuple(map(str, range(100)))
    assert operations(collection, "write") <= 2


ROOM = 2 * BYTES_OF_ENTRY
"""For one counter and not for two."""


async def test_two_hundred_changes_through_three_replicas_all_count(store_settings: dict[str, Any]) -> None:
    collection = Collection(f"counters_{new_id()}", 1, COUNTER_FIELDS)
    factories = [create_store_factory(ServiceSettings(**store_settings)) for _ in range(3)]
    try:
        stores = [await factory.open(collection) for factory in factories]
        replicas = [
            AggregateRepository(store, CounterCodec(), hot_bytes=n * ROOM) for n, store in enumerate(stores)
        ]
        results = await asyncio.gather(
            *(replicas[n % 3].update("one", add("one", 1, f"{n}")) for n in range(200))
        )
        assert Tally(results) == Tally(range(1, 201))
        counter = await replicas[0].get("one")
        assert counter is not None
        assert (counter.count, sorted(counter.names)) == (200, sorted(map(str, range(200))))
    finally:
        await asyncio.gather(*(factory.close() for factory in factories))


async def test_a_change_that_raises_hits_only_its_caller(repository: Repository) -> None:
    results, raised = await failures(
        [
            repository.update("one", add("one", 1)),
            repository.update("one", fail),
            repository.update("one", add("one", 1)),
        ]
    )
    assert results == [1, 2]
    assert [str(error) for error in raised] == ["not allowed"]
    assert await count(repository) == 2


async def test_what_cannot_be_stored_hits_only_its_caller(repository: Repository) -> None:
    def spoil(counter: Counter | None) -> Change[Counter, int]:
        return Change(Counter("one", "many"), 0)  # type: ignore[arg-type]  # the point of the test

    await repository.update("one", add("one"))
    results, raised = await failures(
        [
            repository.update("one", add("one")),
            repository.update("one", spoil),
            repository.update("one", add("one")),
        ]
    )
    assert len(results) == 2
    assert len(raised) == 1
    assert await count(repository) == 3


async def test_a_result_without_a_write_is_never_told_from_memory(store: DocumentStore) -> None:
    """Another replica wrote in between: what this one still holds must not reach its callers."""
    mine, other = (AggregateRepository(store, CounterCodec(), hot_bytes=10 * ROOM) for _ in range(2))
    await mine.update("one", add("one"))
    await other.update("one", add("one"))
    assert await mine.update("one", look) == 2
    await other.update("one", add("one"))

    def refuse_below_three(counter: Counter | None) -> Change[Counter, int]:
        if counter is None or counter.count < 3:
            raise ValueError("too few")
        return Change(None, counter.count)

    assert await mine.update("one", refuse_below_three) == 3


async def test_a_hot_change_reads_nothing(store: DocumentStore, collection: Collection) -> None:
    repository = AggregateRepository(store, CounterCodec(), hot_bytes=ROOM)
    await repository.update("one", add("one"))
    reads = batches(collection, "read")
    for expected in range(2, 12):
        assert await repository.update("one", add("one")) == expected
    assert batches(collection, "read") == reads
    await repository.update("two", add("two"))  # takes the only place
    reads = batches(collection, "read")
    assert await repository.update("one", add("one")) == 12
    assert batches(collection, "read") == reads + 1


async def test_a_cancelled_caller_does_not_take_the_others_along(repository: Repository) -> None:
    tasks = [asyncio.create_task(repository.update("one", add("one", 1, f"{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [task.cancelled() for task in tasks] == [True] + [False] * 9
    counter = await repository.get("one")
    assert counter is not None
    assert set(counter.names) >= {f"{n}" for n in range(1, 10)}
    assert counter.count == len(counter.names)


async def test_each_change_runs_in_its_callers_context(repository: Repository) -> None:
    caller = contextvars.ContextVar("caller", default="nobody")
    seen: set[str] = set()

    def note(counter: Counter | None) -> Change[Counter, None]:
        seen.add(caller.get())
        return Change(None, None)

    async def update_as(name: str) -> None:
        caller.set(name)
        await repository.update("one", note)

    await asyncio.gather(*(update_as(name) for name in "abc"))
    assert seen == set("abc")


async def test_more_changes_of_one_aggregate_than_can_wait_are_refused(repository: Repository) -> None:
    results, raised = await failures(repository.update("one", add("one")) for _ in range(1500))
    assert {type(error) for error in raised} == {StoreOverloaded}
    assert await count(repository) == len(results) < 1500


async def test_a_write_that_happened_without_an_answer_is_neither_hidden_nor_repeated(
    store: DocumentStore,
) -> None:
    async def break_off() -> None:
        raise StoreUnavailable("the answer was lost")

    hooked: Any = HookedStore(store, after=break_off)
    repository = AggregateRepository(hooked, CounterCodec(), hot_bytes=5 * ROOM)
    await repository.update("one", add("one"))
    results, raised = await failures(repository.update("one", add("one")) for _ in range(2))
    assert results == []
    assert [type(error) for error in raised] == [StoreUnavailable] * 2
    hooked.after = nothing
    assert await repository.update("one", add("one")) == 4


async def test_endless_conflict_ends_in_overload(store: DocumentStore) -> None:
    rival = AggregateRepository(store, CounterCodec())
    await rival.update("one", add("one"))
    hooked: Any = HookedStore(store, before=lambda: rival.update("one", add("one")))
    repository = AggregateRepository(hooked, CounterCodec(), max_attempts=3)
    with pytest.raises(StoreOverloaded):
        await repository.update("one", add("one"))
    assert await count(rival) == 4


@settings(max_examples=20)
@given(
    steps=st.lists(
        st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from(["add", "look", "fail", "remove"])), max_size=6
        ),
        max_size=6,
    )
)
async def test_any_interleaving_is_equal_to_some_order(
    store: DocumentStore, steps: list[list[tuple[int, str]]]
) -> None:
    """Removals apart, the count is the number of acknowledged adds; a removal starts it again."""
    id = new_id()
    replicas = [AggregateRepository(store, CounterCodec(), hot_bytes=size * ROOM) for size in (0, 1, 10)]
    added = 0
    for step in steps:
        kinds = [kind for _, kind in step]
        results, raised = await failures(_act(replicas[which], id, kind) for which, kind in step)
        assert len(raised) == kinds.count("fail")
        assert len(results) == len(kinds) - len(raised)
        added += kinds.count("add")
        counts = {await count(replica, id) for replica in replicas}
        assert len(counts) == 1
        if "remove" in kinds:
            (added,) = (value or 0 for value in counts)
        assert counts == {added or None}
    await asyncio.gather(*(replica.remove(id) for replica in replicas))


def _act(repository: Repository, id: str, kind: str) -> Any:
    if kind == "remove":
        return repository.remove(id)
    return repository.update(id, {"add": add(id), "look": look, "fail": fail}[kind])
