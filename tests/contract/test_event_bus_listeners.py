"""The contract of `EventBus.listen`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from shared.events.envelope import Event
from shared.events.ports import EventHandler
from shared.ids import new_id
from shared.jetstream.nats_bus import NatsEventBus
from shared.jetstream.session import write_message
from shared.tasks import cancel_all
from tests.support.events import Recorder, an_event, publish_until_accepted, running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_url) as started:
        yield started


@pytest.fixture
def domain() -> str:
    """A new domain, so no other test uses its subjects."""
    return f"d{new_id()}"


@asynccontextmanager
async def listening(bus: NatsEventBus, handlers: Mapping[str, EventHandler]) -> AsyncIterator[list[str]]:
    """A replica that listens. It has an item for each start."""
    begun: list[str] = []
    task = asyncio.create_task(bus.listen(handlers, lambda: begun.append("listening")))
    try:
        await eventually(lambda: begun)
        yield begun
    finally:
        await cancel_all([task])


async def test_every_replica_that_listens_hears_every_event(
    bus: NatsEventBus, nats_url: str, domain: str
) -> None:
    heard, other = Recorder(), Recorder()
    event = an_event(f"{domain}.happened", version=7)
    async with (
        running_bus(nats_url) as here,
        running_bus(nats_url) as there,
        listening(here, {f"shop.{domain}.happened.*": heard}),
        listening(there, {f"shop.{domain}.happened.*": other}),
    ):
        await bus.publish(event)
        await eventually(lambda: heard.ids == other.ids == [event.id])
    assert heard.events[0].to_json() == event.to_json()


async def test_each_pattern_has_its_handler(bus: NatsEventBus, nats_url: str, domain: str) -> None:
    first, second = Recorder(), Recorder()
    handlers = {f"shop.{domain}.began.*": first, f"shop.{domain}.ended.*": second}
    began, ended = an_event(f"{domain}.began"), an_event(f"{domain}.ended")
    async with running_bus(nats_url) as here, listening(here, handlers):
        await bus.publish(began)
        await bus.publish(ended)
        await eventually(lambda: (first.ids, second.ids) == ([began.id], [ended.id]))


async def test_what_cannot_be_read_or_handled_is_passed_over(
    bus: NatsEventBus, nats_url: str, domain: str
) -> None:
    heard: list[str] = []

    async def handle(event: Event) -> None:
        if event.version == 1:
            raise ValueError("a bad event")
        heard.append(event.id)

    last = an_event(f"{domain}.happened", version=2)
    handlers = {f"shop.{domain}.happened.*": handle}
    async with running_bus(nats_url) as here, listening(here, handlers):
        with capture_logs() as logs:
            await write_message(bus.connection.session, f"shop.{domain}.happened.x", b"no json")
            await bus.publish(an_event(f"{domain}.happened", version=1))
            await bus.publish(last)
            await eventually(lambda: heard)
    assert heard == [last.id]
    passed_over = [line["subject"] for line in logs if line["event"] == "event passed over"]
    assert len(passed_over) == 2


async def test_nothing_is_heard_after_it_is_cancelled(bus: NatsEventBus, nats_url: str, domain: str) -> None:
    ended, goes_on = Recorder(), Recorder()
    async with (
        running_bus(nats_url) as here,
        listening(here, {f"shop.{domain}.happened.*": goes_on}),
    ):
        async with listening(here, {f"shop.{domain}.happened.*": ended}):
            pass
        event = an_event(f"{domain}.happened")
        await bus.publish(event)
        await eventually(lambda: goes_on.ids == [event.id])
    assert ended.events == []


async def test_it_listens_again_after_an_outage_and_says_so(nats_server: NatsServer) -> None:
    heard, event = Recorder(), an_event()
    async with (
        running_bus(nats_server.url) as bus,
        running_bus(nats_server.url) as here,
        listening(here, {"shop.user.registered.*": heard}) as begun,
    ):
        await asyncio.to_thread(nats_server.kill)
        await eventually(lambda: not here.connected)
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: len(begun) == 2)
        await publish_until_accepted(bus, event)
        await eventually(lambda: heard.ids == [event.id])
