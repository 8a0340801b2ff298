"""Events that fail in every attempt are kept with the reason, listed, and requeued for their consumer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from nats.aio.msg import Msg

from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.ids import new_id
from shared.jetstream.dead_letters import DeadLetter, discard, get_dead_letter, list_dead_letters, requeue
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.nats_bus import NatsEventBus
from shared.jetstream.session import write_message
from tests.support.events import Recorder, an_event, running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

QUICK = RetryPolicy(delays=(0.05, 0.1), ack_seconds=0.5, outage_seconds=30)


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_server.url, policy=QUICK) as started:
        yield started


class Failing(Recorder):
    """Fails until it is repaired."""

    def __init__(self) -> None:
        super().__init__()
        self.is_mended = False

    async def __call__(self, event: Event) -> None:
        await super().__call__(event)
        if not self.is_mended:
            raise ValueError(f"cannot handle {event.entity_id}")


async def _letters(bus: NatsEventBus) -> list[DeadLetter]:
    return [letter async for letter in list_dead_letters(bus.connection.session)]


async def _the_letter(bus: NatsEventBus) -> DeadLetter:
    async def appears() -> list[DeadLetter]:
        return await _letters(bus)

    (letter,) = await eventually(appears)
    return letter


async def test_an_event_that_keeps_failing_becomes_a_dead_letter_with_the_reason(bus: NatsEventBus) -> None:
    handler, event = Failing(), an_event(entity_id="poison")
    await bus.subscribe("failing", {"shop.user.*.*": handler})
    await bus.publish(event)
    letter = await _the_letter(bus)
    assert len(handler.events) == QUICK.attempts
    assert letter.consumer == "failing"
    assert letter.subject == event.subject
    assert letter.event_id == event.id
    assert letter.attempts == QUICK.attempts
    assert "ValueError" in letter.reason
    assert "cannot handle poison" in letter.reason
    assert await get_dead_letter(bus.connection.session, letter.sequence) == letter
    assert await get_dead_letter(bus.connection.session, 99) is None


async def test_attempts_are_made_with_growing_delays(bus: NatsEventBus, nats_server: NatsServer) -> None:
    asked: list[float] = []

    async def hear(answer: Msg) -> None:
        if answer.data.startswith(b"-NAK"):
            asked.append(orjson.loads(answer.data.removeprefix(b"-NAK"))["delay"] / 1e9)

    async with running_bus(nats_server.url) as other:
        await other.connection.session.client.subscribe("$JS.ACK.>", cb=hear)
        await other.connection.session.client.flush()
        await bus.subscribe("failing", {"shop.user.*.*": Failing()})
        await bus.publish(an_event())
        await _the_letter(bus)
        await eventually(lambda: asked == list(QUICK.delays))


async def test_one_failing_event_holds_up_no_other(bus: NatsEventBus) -> None:
    good = Recorder()

    async def handle(event: Event) -> None:
        if event.entity_id == "poison":
            raise ValueError
        await good(event)

    await bus.subscribe("mixed", {"shop.user.*.*": handle})
    await bus.publish(an_event(entity_id="poison"))
    events = [an_event() for _ in range(20)]
    await asyncio.gather(*map(bus.publish, events))
    await eventually(lambda: sorted(good.ids) == sorted(event.id for event in events))


async def test_a_requeued_event_goes_to_its_consumer_only_and_is_no_dead_letter_any_more(
    bus: NatsEventBus,
) -> None:
    failing, other = Failing(), Recorder()
    await bus.subscribe("failing", {"shop.user.*.*": failing})
    await bus.subscribe("other", {"shop.user.*.*": other})
    event, marker = an_event(), an_event()
    await bus.publish(event)
    letter = await _the_letter(bus)
    failing.is_mended = True
    attempts = len(failing.events)
    await requeue(bus.connection.session, letter)
    await eventually(lambda: failing.ids[attempts:] == [event.id])
    await bus.publish(marker)
    await eventually(lambda: marker.id in other.ids)
    assert other.ids == [event.id, marker.id]
    assert await _letters(bus) == []


async def test_a_requeued_event_that_fails_again_is_a_dead_letter_again(bus: NatsEventBus) -> None:
    handler = Failing()
    await bus.subscribe("failing", {"shop.user.*.*": handler})
    await bus.publish(an_event())
    first = await _the_letter(bus)
    await requeue(bus.connection.session, first)
    second = await _the_letter(bus)
    assert second.sequence > first.sequence
    assert second.data == first.data


@pytest.mark.parametrize("data", [b"", b"no json", b"[]", b'{"specversion": "1.0"}', b"\xff\xfe"])
async def test_what_is_no_event_dies_at_once(bus: NatsEventBus, data: bytes) -> None:
    handler = Recorder()
    await bus.subscribe("listener", {"shop.>": handler})
    await write_message(bus.connection.session, "shop.user.registered.x", data)
    letter = await _the_letter(bus)
    assert (letter.attempts, letter.data, letter.event_id) == (1, data, None)
    assert letter.reason.startswith("undecodable")
    assert handler.events == []


async def test_a_discarded_dead_letter_is_gone(bus: NatsEventBus) -> None:
    await bus.subscribe("failing", {"shop.user.*.*": Failing()})
    await bus.publish(an_event())
    letter = await _the_letter(bus)
    await discard(bus.connection.session, letter)
    assert await _letters(bus) == []


async def test_dead_letters_are_listed_in_the_order_they_died(bus: NatsEventBus) -> None:
    await bus.subscribe("listener", {"shop.>": Recorder()})
    for n in range(5):
        await write_message(bus.connection.session, f"shop.user.registered.{n}", b"no json")

        async def are_there(count: int = n + 1) -> bool:
            return len(await _letters(bus)) == count

        await eventually(are_there)
    assert [letter.subject[-1] for letter in await _letters(bus)] == list("01234")


async def test_an_outage_of_what_a_handler_needs_makes_no_dead_letter(bus: NatsEventBus) -> None:
    attempts = 0

    async def handle(_: Event) -> None:
        nonlocal attempts
        attempts += 1
        if attempts <= QUICK.attempts + 1:
            raise Unavailable("the store is away")

    await bus.subscribe("waiting", {"shop.user.*.*": handle})
    await bus.publish(an_event())
    await eventually(lambda: attempts == QUICK.attempts + 2)
    assert await _letters(bus) == []


async def test_an_outage_without_end_is_a_failure(nats_server: NatsServer) -> None:
    async def handle(_: Event) -> None:
        raise Unavailable("the store is away")

    impatient = RetryPolicy(delays=(0.05,), ack_seconds=1, outage_seconds=0)
    async with running_bus(nats_server.url, policy=impatient) as bus:
        await bus.subscribe("waiting", {"shop.user.*.*": handle})
        await bus.publish(an_event())
        letter = await _the_letter(bus)
        assert "the store is away" in letter.reason


async def test_an_event_that_ends_every_replica_that_tries_it_dies_in_the_end(
    nats_server: NatsServer,
) -> None:
    fatal = RetryPolicy(delays=(0.05,), ack_seconds=0.2)
    tried: list[str] = []

    async def handle(event: Event) -> None:
        tried.append(event.id)
        await asyncio.Event().wait()

    event = an_event()
    for n in range(fatal.attempts):
        bus = NatsEventBus(nats_server.url, name="crashing", policy=fatal, drain_seconds=0)
        await bus.start()
        await bus.subscribe("fatal", {"shop.user.*.*": handle})
        if n == 0:
            await bus.publish(event)
        await eventually(lambda n=n: len(tried) == n + 1)
        await bus.client.close()  # its process is gone as far as NATS can tell
        await bus.close()
    async with running_bus(nats_server.url, policy=fatal) as survivor:
        await survivor.subscribe("fatal", {"shop.user.*.*": handle})
        letter = await _the_letter(survivor)
        assert letter.reason == "no attempt came to an end"
        assert len(tried) == fatal.attempts


async def test_a_replica_leaves_what_it_does_not_know_to_those_of_a_newer_version(
    nats_server: NatsServer,
) -> None:
    patient = RetryPolicy(delays=(0.02,) * 30)
    handler, consumer = Recorder(), new_id()
    older_handlers = {"shop.user.registered.*": Recorder()}
    newer_handlers = {"shop.user.registered.*": Recorder(), "shop.user.gone.*": handler}
    async with (
        running_bus(nats_server.url, policy=patient) as newer,
        running_bus(nats_server.url, policy=patient) as older,
    ):
        await older.subscribe(consumer, older_handlers)
        await newer.subscribe(consumer, newer_handlers)
        older.connection.session.end()  # as when it reconnects: it must not undo what the newer one set
        await eventually(lambda: older.connected)
        events = [an_event("user.gone") for _ in range(40)]
        await asyncio.gather(*map(newer.publish, events))
        await eventually(lambda: set(handler.ids) == {event.id for event in events})
        assert await _letters(newer) == []


async def test_what_no_replica_knows_is_a_dead_letter(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url, policy=QUICK) as bus:
        await bus.subscribe("listener", {"shop.user.registered.*": Recorder()})
        await bus.client.jetstream().add_consumer(
            "SHOP", name="listener", durable_name="listener", filter_subjects=["shop.user.>"], max_deliver=17
        )
        await bus.publish(an_event("user.gone"))
        letter = await _the_letter(bus)
        assert "no handler" in letter.reason
