"""The event bus while NATS restarts, freezes, or loses its data."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from shared.events.envelope import Event
from shared.events.ports import BucketConfig, BusUnavailable
from shared.ids import new_id
from shared.jetstream.nats_bus import NatsEventBus
from tests.support.events import Recorder, an_event, publish_until_accepted, running_bus
from tests.support.servers import NatsServer, Server, find_program
from tests.support.waiting import eventually


async def test_every_event_arrives_once_though_nats_is_killed_under_publishing(
    nats_server: NatsServer,
) -> None:
    async with running_bus(nats_server.url) as bus:
        handler = Recorder()
        await bus.subscribe("listener", {"shop.>": handler})
        events = [an_event() for _ in range(3000)]
        publishing = asyncio.gather(*(_publish_slowly(bus, events[n::20]) for n in range(20)))
        for _ in range(2):
            count = len(handler.events)
            await eventually(lambda count=count: len(handler.events) > count + 100)
            await asyncio.to_thread(nats_server.kill)
            await asyncio.to_thread(nats_server.start)
        await publishing
        wanted = {event.id for event in events}
        await eventually(lambda: wanted <= set(handler.ids))
        stream = await bus.client.jetstream().stream_info("SHOP")
        assert stream.state.messages == len(events)


async def _publish_slowly(bus: NatsEventBus, events: list[Event]) -> None:
    for event in events:
        await publish_until_accepted(bus, event)
        await asyncio.sleep(0.002)


async def test_publishing_fails_at_once_while_nats_is_away(nats_server: NatsServer) -> None:
    """It ends within the time limit of a test, although a request may take longer."""
    async with running_bus(nats_server.url, request_seconds=3600) as bus:
        nats_server.kill()
        await eventually(lambda: not bus.connected)
        outcomes = await asyncio.gather(
            *(bus.publish(an_event()) for _ in range(100)), return_exceptions=True
        )
        assert all(isinstance(outcome, BusUnavailable) for outcome in outcomes)


async def test_what_is_in_flight_when_nats_dies_fails_at_once(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url, request_seconds=3600) as bus:
        nats_server.pause()
        publishing = [asyncio.create_task(bus.publish(an_event())) for _ in range(50)]
        await asyncio.sleep(0)
        nats_server.kill()
        done, pending = await asyncio.wait(publishing, timeout=60)
        assert not pending
        assert all(isinstance(task.exception(), BusUnavailable) for task in done)


async def test_a_frozen_nats_costs_no_more_than_the_timeout_and_comes_back(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url, request_seconds=0.5) as bus:
        nats_server.pause()
        large = an_event(text="x" * 500_000)
        # More than the socket's buffers hold: it must not wait for them to be sent.
        outcomes = await asyncio.gather(*(bus.publish(large) for _ in range(40)), return_exceptions=True)
        assert all(isinstance(outcome, BusUnavailable) for outcome in outcomes)
        await eventually(lambda: not bus.connected)
        nats_server.resume()
        await eventually(lambda: bus.connected)
        await bus.publish(an_event())


async def test_a_write_that_failed_is_not_sent_after_the_reconnect(nats_server: NatsServer) -> None:
    async with (
        running_bus(nats_server.url, request_seconds=0.5) as bus,
        running_bus(nats_server.url) as other,
    ):
        bucket = await bus.bucket(BucketConfig("things"))
        nats_server.pause()
        puts = [asyncio.create_task(bucket.put("filler", b"x" * 900_000)) for _ in range(20)]
        await eventually(lambda: all(put.done() for put in puts))
        late = asyncio.create_task(bucket.put("key", b"old"))
        await eventually(lambda: late.done())
        assert isinstance(late.exception(), BusUnavailable)
        assert bus.client.pending_data_size > 0, "it was sent: the socket's buffers were not full"
        await asyncio.to_thread(nats_server.kill)
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: bus.connected and other.connected)
        await bucket.put("another", b"value")
        assert await (await other.bucket(BucketConfig("things"))).get("key") is None
        assert all(isinstance(put.exception(), BusUnavailable) for put in puts)


async def test_streams_buckets_and_consumers_are_made_again_when_nats_came_back_empty(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    async with running_bus(nats_server.url) as bus:
        handler = Recorder()
        await bus.subscribe("listener", {"shop.>": handler})
        bucket = await bus.bucket(BucketConfig("things"))
        await bucket.put("key", b"value")
        nats_server.kill()
        await eventually(lambda: not bus.connected)
        shutil.rmtree(tmp_path / "jetstream")
        nats_server.start()
        await eventually(lambda: bus.connected)
        assert await bucket.get("key") is None
        await bucket.create("key", b"new")
        event = an_event()
        await bus.publish(event)
        await eventually(lambda: handler.ids == [event.id])


async def test_a_stream_that_an_operator_removed_is_made_again(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url) as bus:
        handler = Recorder()
        await bus.subscribe("listener", {"shop.>": handler})
        await bus.client.jetstream().delete_stream("SHOP")
        event = an_event()
        with pytest.raises(BusUnavailable):
            await bus.publish(event)
        await publish_until_accepted(bus, event)
        await eventually(lambda: handler.ids == [event.id])


async def test_start_can_be_tried_again(nats_server: NatsServer) -> None:
    nats_server.stop()
    bus = NatsEventBus(nats_server.url, name="test")
    with pytest.raises(BusUnavailable):
        await bus.start()
    nats_server.start()
    await bus.start()
    await bus.publish(an_event())
    await bus.close()


async def test_settings_of_a_stream_are_brought_up_to_date(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url) as bus:
        await bus.client.jetstream().update_stream(name="SHOP", subjects=["shop.>"], max_bytes=1024)
        name = new_id()
        await bus.client.jetstream().create_key_value(bucket=name)
        bucket = await bus.bucket(BucketConfig(name, ttl_seconds=60))
        await bucket.put("key", b"value")
        assert await bucket.get("key") is not None
    async with running_bus(nats_server.url) as bus:
        stream = await bus.client.jetstream().stream_info("SHOP")
        assert stream.config.max_bytes == 1024 * 1024 * 1024


async def test_closing_does_not_wait_for_a_frozen_nats(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url, request_seconds=0.2) as bus:
        nats_server.pause()
        large = an_event(text="x" * 900_000)
        await asyncio.gather(*(bus.publish(large) for _ in range(20)), return_exceptions=True)
        await bus.close()
    nats_server.resume()


async def test_starting_can_be_cancelled(nats_server: NatsServer) -> None:
    nats_server.pause()
    bus = NatsEventBus(nats_server.url, name="test")
    starting = asyncio.create_task(bus.start())
    await asyncio.sleep(0)
    await eventually(lambda: bus.client.is_connecting)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await bus.close()
    nats_server.resume()


async def test_a_nats_without_jetstream_is_not_ready(tmp_path: Path, free_port: int) -> None:
    program = find_program("nats-server")
    assert program is not None
    server = Server([program, "-a", "127.0.0.1", "-p", str(free_port)], free_port, tmp_path / "nats.log")
    server.start()
    bus = NatsEventBus(f"nats://127.0.0.1:{free_port}", name="test")
    try:
        with pytest.raises(BusUnavailable, match="NATS_URL"):
            await bus.start()
        assert not bus.connected
    finally:
        await bus.close()
        server.stop()


async def test_it_waits_until_jetstream_is_back_too(nats_server: NatsServer, tmp_path: Path) -> None:
    program = find_program("nats-server")
    assert program is not None
    port = nats_server.port
    plain = Server([program, "-a", "127.0.0.1", "-p", str(port)], port, tmp_path / "plain.log")
    async with running_bus(nats_server.url) as bus:
        await asyncio.to_thread(nats_server.stop)
        await asyncio.to_thread(plain.start)
        await eventually(lambda: bus.client.is_connected)
        assert not bus.connected
        await asyncio.to_thread(plain.stop)
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: bus.connected)
        await bus.publish(an_event())


async def test_a_connection_that_the_client_closed_for_good_is_dialled_anew(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url) as bus:
        handler = Recorder()
        await bus.subscribe("listener", {"shop.>": handler})
        first = bus.client
        await first.close()
        await eventually(lambda: bus.connected)
        assert bus.client is not first
        event = an_event()
        await bus.publish(event)
        await eventually(lambda: handler.ids == [event.id])


async def test_the_bus_tells_that_it_was_lost_and_is_back(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url) as bus:
        reconnected = asyncio.create_task(bus.reconnected())
        await bus.publish(an_event())
        assert not reconnected.done()
        await asyncio.to_thread(nats_server.kill)
        await eventually(lambda: not bus.connected)
        assert not reconnected.done()
        await asyncio.to_thread(nats_server.start)
        await reconnected
        assert bus.connected
