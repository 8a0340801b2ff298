"""The contract of the event bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from shared.events.envelope import Event
from shared.events.ports import BusUnavailable
from shared.ids import new_id
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.nats_bus import NatsEventBus
from shared.jetstream.session import write_message
from shared.observability.tracing import continue_trace, current_trace_id
from tests.support.events import Recorder, an_event, running_bus
from tests.support.waiting import eventually

QUICK = RetryPolicy(delays=(0.05, 0.05), ack_seconds=1, outage_seconds=5)


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_url, policy=QUICK) as started:
        yield started


@pytest.fixture
def domain() -> str:
    """A new domain, so no other test uses its subjects."""
    return f"d{new_id()}"


async def test_a_handler_gets_the_event_that_was_published(bus: NatsEventBus, domain: str) -> None:
    handler = Recorder()
    await bus.subscribe(new_id(), {f"shop.{domain}.happened.*": handler})
    event = an_event(f"{domain}.happened", "one", 7, colour="red")
    await bus.publish(event)
    await eventually(lambda: handler.events)
    received = handler.events[0]
    assert received.to_json() == event.to_json()


async def test_events_published_before_the_first_subscription_are_handled(
    bus: NatsEventBus, domain: str
) -> None:
    event = an_event(f"{domain}.happened")
    await bus.publish(event)
    handler = Recorder()
    await bus.subscribe(new_id(), {f"shop.{domain}.*.*": handler})
    await eventually(lambda: handler.ids == [event.id])


async def test_a_repeated_event_is_handled_once(bus: NatsEventBus, domain: str) -> None:
    handler = Recorder()
    await bus.subscribe(new_id(), {f"shop.{domain}.>": handler})
    event, last = an_event(f"{domain}.happened"), an_event(f"{domain}.happened")
    for each in (event, event, event, last):
        await bus.publish(each)
    await eventually(lambda: last.id in handler.ids)
    assert sorted(handler.ids) == sorted([event.id, last.id])


async def test_each_event_goes_to_the_handler_of_its_pattern(bus: NatsEventBus, domain: str) -> None:
    created, deleted = Recorder(), Recorder()
    await bus.subscribe(new_id(), {f"shop.{domain}.created.*": created, f"shop.{domain}.deleted.*": deleted})
    first, second = an_event(f"{domain}.created"), an_event(f"{domain}.deleted")
    await bus.publish(first)
    await bus.publish(second)
    await eventually(lambda: created.ids == [first.id] and deleted.ids == [second.id])


async def test_replicas_share_the_work_of_one_consumer(nats_url: str, domain: str) -> None:
    consumer = new_id()
    subjects = f"shop.{domain}.>"
    events = [an_event(f"{domain}.happened") for _ in range(200)]
    handlers = [_Slow(), _Slow()]
    async with running_bus(nats_url) as one, running_bus(nats_url) as other:
        await one.subscribe(consumer, {subjects: handlers[0]})
        await other.subscribe(consumer, {subjects: handlers[1]})
        await asyncio.gather(*map(one.publish, events))
        await eventually(lambda: sum(len(handler.ids) for handler in handlers) == len(events))
        assert sorted(handlers[0].ids + handlers[1].ids) == sorted(event.id for event in events)
        assert all(handler.ids for handler in handlers)
        assert max(handler.most_at_once for handler in handlers) <= 32


class _Slow(Recorder):
    """Takes a moment, so one replica cannot handle all events. It counts those that run at once."""

    def __init__(self) -> None:
        super().__init__()
        self._running = 0
        self.most_at_once = 0

    async def __call__(self, event: Event) -> None:
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        await asyncio.sleep(0.01)
        self._running -= 1
        await super().__call__(event)


async def test_every_consumer_gets_every_event(bus: NatsEventBus, domain: str) -> None:
    handlers = [Recorder(), Recorder()]
    for handler in handlers:
        await bus.subscribe(new_id(), {f"shop.{domain}.>": handler})
    event = an_event(f"{domain}.happened")
    await bus.publish(event)
    await eventually(lambda: all(handler.ids == [event.id] for handler in handlers))


async def test_a_handler_works_in_the_trace_of_the_request_that_caused_the_event(
    bus: NatsEventBus, domain: str
) -> None:
    seen: list[str | None] = []

    async def handle(_: Event) -> None:
        seen.append(current_trace_id())

    await bus.subscribe(new_id(), {f"shop.{domain}.>": handle})
    with continue_trace(None):
        cause = current_trace_id()
        event = an_event(f"{domain}.happened")
    await bus.publish(event)
    await eventually(lambda: seen)
    assert cause is not None
    assert seen == [cause]


async def test_a_long_handler_is_not_taken_for_dead(bus: NatsEventBus, domain: str) -> None:
    calls = Recorder()

    async def handle(event: Event) -> None:
        await calls(event)
        await asyncio.sleep(2.5 * QUICK.ack_seconds)

    consumer = new_id()
    await bus.subscribe(consumer, {f"shop.{domain}.>": handle})
    await bus.publish(an_event(f"{domain}.happened"))
    await eventually(lambda: calls.events)

    async def is_acknowledged() -> bool:
        info = await bus.client.jetstream().consumer_info("SHOP", consumer)
        return info.num_ack_pending == 0 and info.num_pending == 0

    await eventually(is_acknowledged)
    assert len(calls.events) == 1


async def test_a_replica_that_stops_hands_its_events_to_another(nats_url: str, domain: str) -> None:
    consumer, subjects = new_id(), f"shop.{domain}.>"
    stuck, healthy = Recorder(), Recorder()

    async def hang(event: Event) -> None:
        await stuck(event)
        await asyncio.Event().wait()

    async with running_bus(nats_url, policy=QUICK) as other:
        crashing = NatsEventBus(nats_url, name="crashing", policy=QUICK, drain_seconds=0)
        await crashing.start()
        await crashing.subscribe(consumer, {subjects: hang})
        event = an_event(f"{domain}.happened")
        await other.publish(event)
        await eventually(lambda: stuck.events)
        await crashing.client.close()  # its process is gone as far as NATS can tell
        await other.subscribe(consumer, {subjects: healthy})
        await eventually(lambda: healthy.ids == [event.id])
        await crashing.close()


async def test_the_message_carries_the_id_and_the_trace(bus: NatsEventBus, domain: str) -> None:
    with continue_trace(None):
        event = an_event(f"{domain}.happened")
    await bus.publish(event)
    message = await bus.client.jetstream().get_last_msg("SHOP", event.subject)
    assert message.headers is not None
    assert message.headers["Nats-Msg-Id"] == event.id
    assert message.headers["traceparent"] == event.traceparent
    assert orjson.loads(message.data or b"")["specversion"] == "1.0"


async def test_a_message_of_no_stream_is_refused(bus: NatsEventBus) -> None:
    with pytest.raises(BusUnavailable):
        await write_message(bus.connection.session, f"nowhere.{new_id()}", b"")


@pytest.mark.parametrize(
    "address", ["nats://user:hunter2@127.0.0.1:{port}", "nats://hunter2@127.0.0.1:{port}"]
)
async def test_starting_without_nats_names_the_setting_and_hides_the_password(
    address: str, free_port: int
) -> None:
    bus = NatsEventBus(address.format(port=free_port), name="test")
    with pytest.raises(BusUnavailable) as caught:
        await bus.start()
    assert "NATS_URL" in caught.value.detail
    assert str(free_port) in caught.value.detail
    assert "hunter2" not in caught.value.detail
    assert not bus.connected
    await bus.close()
