"""The entry in the bucket never goes back, whatever the order of deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from product_service.products.events import change_to, events_between
from product_service.products.model import Product
from shared.events.envelope import Event
from shared.events.ports import BucketConfig, BusUnavailable, Entry, EventHandler, Watch, WrongRevision
from shared.events.projections import EntryDelivery
from tests.product_service.catalogues import NOW, details, product

VERSIONS = 6


class MemoryBus:
    """A bus and its one bucket. Every operation takes as many turns of the event loop as `turns` says, and
    fails as a lost acknowledgement does where that is negative: what was asked has happened all the same."""

    def __init__(self, turns: Iterable[int]) -> None:
        self.connected = True
        self.published: list[str] = []
        self.history: list[int] = []
        self._turns: Iterator[int] = iter(turns)
        self.entry: Entry | None = None

    async def reconnected(self) -> None:
        raise NotImplementedError

    async def publish(self, event: Event) -> None:
        self.published.append(event.id)
        await self._pass()

    async def subscribe(self, consumer: str, handlers: Mapping[str, EventHandler]) -> None:
        raise NotImplementedError

    async def listen(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError

    async def bucket(self, config: BucketConfig) -> Any:
        return self

    async def get(self, key: str) -> Entry | None:
        entry = self.entry
        await self._pass()
        return entry

    async def create(self, key: str, value: bytes) -> int:
        return await self.update(key, value, 0)

    async def update(self, key: str, value: bytes, revision: int) -> int:
        present = self.entry.revision if self.entry else 0
        if present != revision:
            await self._pass()
            raise WrongRevision
        self.entry = Entry(key, present + 1, value)
        self.history.append(orjson.loads(value)["version"])
        await self._pass()
        return present + 1

    async def put(self, key: str, value: bytes) -> int:
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        raise NotImplementedError

    async def watch(self, *_: Any, **__: Any) -> Watch:
        raise NotImplementedError

    async def _pass(self) -> None:
        turns = next(self._turns, 0)
        for _ in range(abs(turns)):
            await asyncio.sleep(0)
        if turns < 0:
            raise BusUnavailable("The acknowledgement was lost.")


def history() -> tuple[list[list[Event]], Product]:
    """The events of each version of one product."""
    before: Product | None = None
    batches = []
    for version in range(1, VERSIONS + 1):
        after = product() if before is None else before.revised(details(price=version, stock=version), NOW)
        batches.append(list(change_to(before, after, None).events))
        assert [event.type for event in batches[-1]] == [
            event.type for event in events_between(before, after)
        ]
        before = after
    assert before is not None
    return batches, before


@given(
    order=st.lists(st.lists(st.integers(0, VERSIONS - 1), min_size=1, max_size=3), max_size=12),
    turns=st.lists(st.integers(-2, 4), max_size=60),
)
def test_the_entry_never_goes_back_and_ends_with_the_newest(order: list[list[int]], turns: list[int]) -> None:
    """Deliveries of any versions at the same time, in any order, repeated and broken off; then all of them
    until that is acknowledged, as the outbox does."""
    batches, newest = history()
    bus = MemoryBus(turns)
    delivery = EntryDelivery(bus, bus)

    async def deliver(versions: list[int]) -> None:
        events = [event for version in versions for event in batches[version]]
        await delivery(newest.id, events)

    async def insist() -> None:
        while True:
            try:
                return await deliver(list(range(VERSIONS)))
            except BusUnavailable:
                continue

    async def run() -> None:
        await asyncio.gather(*(deliver(versions) for versions in order), return_exceptions=True)
        await insist()
        assert bus.entry is not None
        assert orjson.loads(bus.entry.value or b"") == newest.entry()

    asyncio.run(run())
    assert bus.history == sorted(set(bus.history))
    assert set(bus.published) == {event.id for batch in batches for event in batch}
