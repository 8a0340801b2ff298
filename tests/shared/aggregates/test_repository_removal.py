"""Removing aggregates while others change them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.aggregates.repository import AggregateRepository
from shared.store.ports import DocumentStore, StoreOverloaded
from tests.support.counters import Counter, CounterCodec, add
from tests.support.stores import HookedStore, failures

Repository = AggregateRepository[Counter]


async def count(repository: Repository, id: str = "one") -> int | None:
    counter = await repository.get(id)
    return counter and counter.count


async def test_remove_deletes_what_the_check_lets_go(repository: Repository) -> None:
    await repository.update("one", add("one", 5))

    def only_when_empty(counter: Counter) -> None:
        if counter.count:
            raise ValueError("not empty")

    with pytest.raises(ValueError, match="not empty"):
        await repository.remove("one", only_when_empty)
    assert await count(repository) == 5
    assert await repository.remove("one")
    assert not await repository.remove("one")
    assert await repository.update("one", add("one", 1)) == 1


async def test_a_removal_that_a_change_overtakes_is_checked_again(store: DocumentStore) -> None:
    rival = AggregateRepository(store, CounterCodec())
    await rival.update("one", add("one"))
    seen: list[int] = []

    async def overtake_once() -> None:
        if len(seen) == 1:
            await rival.update("one", add("one"))

    hooked: Any = HookedStore(store, before=overtake_once)
    repository = AggregateRepository(hooked, CounterCodec())
    assert await repository.remove("one", lambda counter: seen.append(counter.count))
    assert seen == [1, 2]


async def test_a_removal_that_is_always_overtaken_ends_in_overload(store: DocumentStore) -> None:
    rival = AggregateRepository(store, CounterCodec())
    await rival.update("one", add("one"))
    hooked: Any = HookedStore(store, before=lambda: rival.update("one", add("one")))
    with pytest.raises(StoreOverloaded):
        await AggregateRepository(hooked, CounterCodec(), max_attempts=3).remove("one")
    assert await count(rival) == 4


async def test_removing_while_others_change_leaves_no_half(repository: Repository) -> None:
    await repository.update("one", add("one", 1000))
    changes = [repository.update("one", add("one")) for _ in range(20)]
    results, raised = await failures([*changes, repository.remove("one")])
    assert raised == []
    assert True in results
    assert await count(repository) in {None, *range(1, 21)}
