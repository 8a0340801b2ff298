"""The watch of a bucket while NATS restarts, loses its data, or leaves messages out."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import nats
import pytest
from nats.js.api import ConsumerInfo

from shared.events.ports import BucketConfig, BusUnavailable
from shared.ids import new_id
from shared.jetstream.buckets import NatsBucket
from shared.jetstream.nats_bus import NatsEventBus
from tests.support.events import Seen, running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


@pytest.fixture
def seen() -> Seen:
    return Seen()


async def _bucket(bus: NatsEventBus) -> NatsBucket:
    return await bus.bucket(BucketConfig(f"b{new_id()}"))


async def test_watching_while_nats_is_away_says_so(nats_server: NatsServer, seen: Seen) -> None:
    async with running_bus(nats_server.url) as bus:
        bucket = await _bucket(bus)
        nats_server.kill()
        await eventually(lambda: not bus.connected)
        with pytest.raises(BusUnavailable):
            await bucket.watch(seen.on_entry, replay=True)


async def test_a_restart_loses_no_change(nats_server: NatsServer, seen: Seen) -> None:
    async with running_bus(nats_server.url) as watcher, running_bus(nats_server.url) as writer:
        bucket = await _bucket(watcher)
        watch = await bucket.watch(seen.on_entry, replay=False, on_gap=seen.on_gap)
        writing = asyncio.create_task(_write_until_stopped(writer, bucket, stop := asyncio.Event()))
        for _ in range(3):
            count = len(seen.entries)
            await eventually(lambda count=count: len(seen.entries) > count + 50)
            await asyncio.to_thread(nats_server.kill)
            await eventually(lambda: not watch.connected)
            await asyncio.to_thread(nats_server.start)
        await eventually(lambda: watch.connected)
        stop.set()
        written = await writing
        await eventually(lambda: written <= set(seen.pairs))
        assert seen.is_ordered
        assert seen.gaps == []
        await watch.stop()


async def _write_until_stopped(
    bus: NatsEventBus, bucket: NatsBucket, stop: asyncio.Event
) -> set[tuple[str, bytes | None]]:
    """Writes different keys, so no write may be left out. Returns the acknowledged ones."""
    own = await bus.bucket(BucketConfig(bucket.name))
    written: set[tuple[str, bytes | None]] = set()
    while not stop.is_set():
        key = new_id()
        try:
            await own.put(key, b"value")
            written.add((key, b"value"))
        except BusUnavailable:
            await asyncio.sleep(0.01)
    return written


async def test_only_the_last_of_several_changes_is_sure_to_come_after_an_interruption(
    nats_server: NatsServer, seen: Seen
) -> None:
    async with running_bus(nats_server.url) as bus:
        bucket = await _bucket(bus)
        watch = await bucket.watch(seen.on_entry, replay=False, on_gap=seen.on_gap)
        await bucket.put("key", b"1")
        await eventually(lambda: seen.entries)
        nats_server.kill()
        await eventually(lambda: not watch.connected)
        await asyncio.to_thread(nats_server.start)
        async with running_bus(nats_server.url) as other:
            own = await other.bucket(BucketConfig(bucket.name))
            for value in (b"2", b"3"):
                await own.put("key", value)
        await eventually(lambda: seen.entries[-1].value == b"3")
        assert seen.is_ordered
        assert seen.gaps == []
        await watch.stop()


@pytest.mark.parametrize("replay", [True, False])
async def test_a_bucket_that_was_lost_is_a_gap(
    nats_server: NatsServer, tmp_path: Path, seen: Seen, replay: bool
) -> None:
    async with running_bus(nats_server.url) as bus:
        bucket = await _bucket(bus)
        watch = await bucket.watch(seen.on_entry, replay=replay, on_gap=seen.on_gap)
        for n in range(5):
            await bucket.put(f"old{n}", b"")
        await eventually(lambda: len(seen.entries) == 5)
        nats_server.kill()
        await eventually(lambda: not bus.connected)
        shutil.rmtree(tmp_path / "jetstream")
        nats_server.start()
        await eventually(lambda: watch.connected)
        assert seen.gaps == [5]
        await bucket.put("new", b"")
        await eventually(lambda: seen.pairs[5:] == [("new", b"")])
        assert watch.revision == 1
        await watch.stop()


async def test_a_watch_goes_on_when_its_consumer_was_removed(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        watch = await bucket.watch(seen.on_entry, replay=False, on_gap=seen.on_gap)
        jetstream = bus.client.jetstream()
        for consumer in await jetstream.consumers_info(f"KV_{bucket.name}"):
            await jetstream.delete_consumer(f"KV_{bucket.name}", consumer.name)
        await bucket.put("key", b"value")
        await eventually(lambda: seen.pairs == [("key", b"value")])
        assert seen.gaps == []
        await watch.stop()


async def test_a_missing_message_is_noticed_and_fetched(nats_url: str, seen: Seen) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await _bucket(bus)
        watch = await bucket.watch(seen.on_entry, replay=False, on_gap=seen.on_gap)
        (consumer,) = await _consumers(bus, bucket)
        heartbeat = {"Status": "100", "Nats-Last-Consumer": "900"}  # names a message that never came
        server = await nats.connect(nats_url)  # a connection does not hear itself
        await server.publish(consumer.config.deliver_subject, b"", headers=heartbeat)
        await server.close()

        async def is_replaced() -> bool:
            return [each.name for each in await _consumers(bus, bucket)] not in ([], [consumer.name])

        await eventually(is_replaced)
        await eventually(lambda: watch.connected)
        await bucket.put("key", b"value")
        await eventually(lambda: seen.pairs == [("key", b"value")])
        assert seen.gaps == []
        await watch.stop()


async def _consumers(bus: NatsEventBus, bucket: NatsBucket) -> list[ConsumerInfo]:
    return await bus.client.jetstream().consumers_info(f"KV_{bucket.name}")
