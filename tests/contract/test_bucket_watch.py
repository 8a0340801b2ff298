"""The contract of a watch of a bucket."""

from __future__ import annotations

import asyncio

import pytest
from nats.js.api import ConsumerInfo

from shared.events.ports import BucketConfig, Entry
from shared.ids import new_id
from shared.jetstream.buckets import NatsBucket
from shared.jetstream.nats_bus import NatsEventBus
from tests.support.events import Seen, running_bus
from tests.support.waiting import eventually


@pytest.fixture
def seen() -> Seen:
    return Seen()


async def _bucket(bus: NatsEventBus) -> NatsBucket:
    return await bus.bucket(BucketConfig(f"b{new_id()}"))


async def test_replay_hands_over_present_entries_before_it_returns(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        for n in range(500):
            await bucket.put(f"k{n % 100}", str(n).encode())
        watch = await bucket.watch(seen.on_entry, replay=True)
        assert dict(seen.pairs) == {f"k{n % 100}": str(n).encode() for n in range(400, 500)}
        assert watch.connected
        assert watch.revision == 500
        await watch.stop()


async def test_without_replay_only_changes_are_handed_over(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        before = await bucket.put("before", b"1")
        watch = await bucket.watch(seen.on_entry, replay=False)
        assert watch.revision == before
        revision = await bucket.put("after", b"2")
        await bucket.delete("before")
        await eventually(lambda: watch.revision == revision + 1)
        assert seen.pairs == [("after", b"2"), ("before", None)]
        await watch.stop()


async def test_replay_of_an_empty_bucket_returns(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        watch = await (await _bucket(bus)).watch(seen.on_entry, replay=True)
        assert watch.connected
        assert seen.entries == []
        await watch.stop()


async def test_changes_made_during_the_replay_come_in_order_and_once(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        await asyncio.gather(*(bucket.put(f"k{n}", b"0") for n in range(300)))
        writing = asyncio.gather(*(bucket.put(f"k{n % 300}", b"1") for n in range(900)))
        watch = await bucket.watch(seen.on_entry, replay=True)
        last = max(await writing)
        await eventually(lambda: watch.revision == last)
        assert seen.is_ordered
        assert dict(seen.pairs) == {f"k{n}": b"1" for n in range(300)}
        await watch.stop()


async def test_an_entry_that_its_watcher_cannot_read_hides_no_other(nats_url: str, seen: Seen) -> None:
    def on_entry(entry: Entry) -> None:
        if entry.key == "bad":
            raise ValueError("unreadable")
        seen.on_entry(entry)

    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        watch = await bucket.watch(on_entry, replay=True)
        await bucket.put("bad", b"")
        await bucket.put("good", b"")
        await eventually(lambda: seen.pairs == [("good", b"")])
        await watch.stop()


async def test_nothing_is_handed_over_after_stop(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        stopped = await bucket.watch(seen.on_entry, replay=False)
        await stopped.stop()
        other = Seen()
        watch = await bucket.watch(other.on_entry, replay=False)
        await bucket.put("key", b"")
        await eventually(lambda: other.entries)
        assert seen.entries == []
        assert not stopped.connected
        await watch.stop()


async def test_a_quiet_watch_keeps_its_consumer(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        watch = await bucket.watch(seen.on_entry, replay=False, on_gap=seen.on_gap)
        before = await _consumers(bus, bucket)
        heard = bus.client.stats["in_msgs"]
        # Heartbeats come every two seconds; without them the consumer would be replaced after five.
        await eventually(lambda: bus.client.stats["in_msgs"] >= heard + 4)
        assert [consumer.name for consumer in await _consumers(bus, bucket)] == [c.name for c in before]
        assert watch.connected
        await watch.stop()


async def test_a_replay_larger_than_the_window_of_flow_control_comes_whole(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url, request_seconds=30) as bus:
        bucket = await _bucket(bus)
        await asyncio.gather(*(bucket.put(f"k{n}", b"x" * 40_000) for n in range(1000)))
        watch = await bucket.watch(seen.on_entry, replay=True)
        assert len(seen.entries) == 1000
        assert seen.is_ordered
        await watch.stop()


async def _consumers(bus: NatsEventBus, bucket: NatsBucket) -> list[ConsumerInfo]:
    return await bus.client.jetstream().consumers_info(f"KV_{bucket.name}")
