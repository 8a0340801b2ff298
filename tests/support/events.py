"""Events and buses for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.events.ports import BusUnavailable, Entry
from shared.ids import new_id
from shared.jetstream.nats_bus import NatsEventBus


@asynccontextmanager
async def running_bus(url: str, **options: Any) -> AsyncIterator[NatsEventBus]:
    """A started bus, closed afterwards. It waits longer for NATS than a service does, for slow machines."""
    options.setdefault("request_seconds", 20.0)
    bus = NatsEventBus(url, name="test", **options)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


def an_event(
    type: str = "user.registered", entity_id: str | None = None, version: int = 1, **data: Any
) -> Event:
    """A new event."""
    return Event.new(type, entity_id or new_id(), version, SystemClock().now(), data)


class Recorder:
    """A handler that records its events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.events]

    async def __call__(self, event: Event) -> None:
        self.events.append(event)


async def publish_until_accepted(bus: NatsEventBus, event: Event) -> None:
    """Publishes the event until the bus has it, as an outbox does."""
    while True:
        with suppress(BusUnavailable):
            return await bus.publish(event)
        await asyncio.sleep(0.02)


class Seen:
    """The entries of a watch. `gaps` are the numbers of entries before each gap."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.gaps: list[int] = []

    def on_entry(self, entry: Entry) -> None:
        self.entries.append(entry)

    def on_gap(self) -> None:
        self.gaps.append(len(self.entries))

    @property
    def pairs(self) -> list[tuple[str, bytes | None]]:
        return [(entry.key, entry.value) for entry in self.entries]

    @property
    def is_ordered(self) -> bool:
        revisions = [entry.revision for entry in self.entries]
        return revisions == sorted(set(revisions))
