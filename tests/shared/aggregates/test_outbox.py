"""The outbox delivers the events that a write made durable, after every failure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.aggregates.dispatcher import HELD_EVENTS_BYTES
from shared.aggregates.outbox import Outbox
from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.events.ports import BusUnavailable
from shared.store.ports import Collection, Document, DocumentPage, DocumentStore, Query, StoreUnavailable
from tests.shared.conftest import Inbox, a_replica
from tests.support.waiting import eventually

QUICK = {"quiet_seconds": 0.05, "overdue_seconds": 0.2, "retry_seconds": 0.2}
NEVER_SETTLES = {"quiet_seconds": 3600, "overdue_seconds": 3600}


class LateClock:
    """A clock that is behind until it is set, and counts its reads."""

    def __init__(self) -> None:
        self.behind = timedelta(hours=1)
        self.looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return SystemClock().now() - self.behind


async def test_an_event_is_delivered_and_then_leaves_its_document(tmp_path: Path, inbox: Inbox) -> None:
    async with a_replica(tmp_path, inbox, **QUICK) as replica:
        await replica.outbox.start()
        event_id = await replica.count("one")
        await eventually(lambda: inbox.received == [("one", event_id)])

        async def is_cleared() -> bool:
            return await replica.pending("one") == []

        await eventually(is_cleared)
        assert inbox.attempts == 1


async def test_the_next_write_drops_what_was_delivered(tmp_path: Path, inbox: Inbox) -> None:
    async with a_replica(tmp_path, inbox, **NEVER_SETTLES) as replica:
        await replica.outbox.start()
        ids = [await replica.count("one")]
        for _ in range(3):
            assert await replica.outbox.flushed("one", 60)
            ids.append(await replica.count("one"))
            assert [event["id"] for event in await replica.pending("one")] == ids[-1:]
        assert await replica.outbox.flushed("one", 60)
        assert inbox.ids == ids


async def test_closing_clears_delivered_events(tmp_path: Path, inbox: Inbox) -> None:
    async with a_replica(tmp_path, inbox, **NEVER_SETTLES) as replica:
        await replica.outbox.start()
        await asyncio.gather(*(replica.count(f"c{n}") for n in range(20)))
        await replica.outbox.close()
        assert len(inbox.received) == 20
        assert [await replica.pending(f"c{n}") for n in range(20)] == [[]] * 20


async def test_events_of_one_document_are_delivered_in_order_once(tmp_path: Path, inbox: Inbox) -> None:
    async with a_replica(tmp_path, inbox, **QUICK) as replica:
        await replica.outbox.start()
        ids = [await replica.count("one") for _ in range(200)]
        assert await replica.outbox.flushed("one", 60)
        assert inbox.ids == ids


async def test_what_failed_is_tried_again_in_order(tmp_path: Path, inbox: Inbox) -> None:
    inbox.failure = BusUnavailable("away")
    async with a_replica(tmp_path, inbox, **NEVER_SETTLES, retry_seconds=0.1) as replica:
        await replica.outbox.start()
        ids = [await replica.count("one") for _ in range(5)]
        others = [await replica.count(f"other{n}") for n in range(100)]
        assert not await replica.outbox.flushed("one", 0.05)
        inbox.failure = None
        assert await replica.outbox.flushed("one", 60)
        assert [event_id for document_id, event_id in inbox.received if document_id == "one"] == ids
        await eventually(lambda: sorted(inbox.ids) == sorted(ids + others))


async def test_while_nats_is_away_one_document_finds_out_for_all(tmp_path: Path, inbox: Inbox) -> None:
    inbox.failure = BusUnavailable("away")
    async with a_replica(tmp_path, inbox, **NEVER_SETTLES, retry_seconds=0.1) as replica:
        await replica.outbox.start()
        for n in range(100):
            await replica.count(f"c{n}")
        await eventually(lambda: inbox.attempts >= 110)
        assert inbox.attempts < 150


async def test_a_document_that_cannot_be_delivered_holds_up_no_other(tmp_path: Path) -> None:
    delivered: list[str] = []

    async def deliver(document_id: str, _: object) -> None:
        if document_id == "poison":
            raise ValueError("a bug")
        delivered.append(document_id)

    async with a_replica(tmp_path, deliver, **QUICK) as replica:
        await replica.outbox.start()
        await replica.count("poison")
        for n in range(5):
            await replica.count(f"c{n}")
            await eventually(lambda n=n: f"c{n}" in delivered)
        assert not await replica.outbox.flushed("poison", 0.01)


async def test_the_relay_delivers_what_a_crashed_replica_left(tmp_path: Path, inbox: Inbox) -> None:
    nowhere = Inbox()
    nowhere.failure = BusUnavailable("away")
    async with a_replica(tmp_path, nowhere, **NEVER_SETTLES) as crashed:
        ids = [await crashed.count("one") for _ in range(3)] + [await crashed.count("two")]
    async with a_replica(tmp_path, inbox, **QUICK) as other:
        await other.outbox.start()
        await eventually(lambda: sorted(inbox.ids) == sorted(ids))
        assert [event_id for document_id, event_id in inbox.received if document_id == "one"] == ids[:3]

        async def is_cleared() -> bool:
            return not await other.pending("one") and not await other.pending("two")

        await eventually(is_cleared)


async def test_the_relay_delivers_more_than_one_page(tmp_path: Path, inbox: Inbox) -> None:
    nowhere = Inbox()
    nowhere.failure = BusUnavailable("away")
    async with a_replica(tmp_path, nowhere, **NEVER_SETTLES) as crashed:
        ids = await asyncio.gather(*(crashed.count(f"c{n}") for n in range(250)))
    async with a_replica(tmp_path, inbox, **QUICK) as other:
        await other.outbox.start()
        await eventually(lambda: sorted(inbox.ids) == sorted(ids))


async def test_the_relay_leaves_recent_events_to_their_replica(tmp_path: Path, inbox: Inbox) -> None:
    mine, clock = Inbox(), LateClock()
    mine.failure = BusUnavailable("away")
    async with (
        a_replica(tmp_path, mine, **NEVER_SETTLES) as replica,
        a_replica(tmp_path, inbox, **QUICK, clock=clock) as other,
    ):
        event_id = await replica.count("one")
        await other.outbox.start()
        await eventually(lambda: clock.looks >= 3)
        assert inbox.ids == []
        clock.behind = timedelta()
        await eventually(lambda: inbox.ids == [event_id])


async def test_the_relay_passes_over_an_event_it_cannot_read(tmp_path: Path, inbox: Inbox) -> None:
    unreadable = {"time": "2020-01-01T00:00:00.000Z", "specversion": "9"}
    async with a_replica(tmp_path, inbox, **QUICK) as replica:
        body = {"count": 1, "names": [], "pending_events": [unreadable], "pending_since": unreadable["time"]}
        await replica.store.create("from-the-future", body)
        event = Event.new("counter.counted", "readable", 1, SystemClock().now(), {})
        later = {
            "count": 1,
            "names": [],
            "pending_events": [event.to_json()],
            "pending_since": event.to_json()["time"],
        }
        await replica.store.create("readable", later)
        await replica.outbox.start()
        await eventually(lambda: inbox.ids == [event.id])
        assert await replica.pending("from-the-future") == [unreadable]


async def test_a_document_that_cannot_be_cleared_holds_up_no_other(tmp_path: Path, inbox: Inbox) -> None:
    async with a_replica(tmp_path, inbox, **QUICK) as replica:
        event = Event.new("counter.counted", "unreadable", 1, SystemClock().now(), {}).to_json()
        unreadable = {"count": 1, "pending_events": [event], "pending_since": event["time"]}
        await replica.store.create("unreadable", unreadable)  # without `names` it is no counter
        await replica.outbox.start()
        await eventually(lambda: event["id"] in inbox.ids)
        await replica.count("one")

        async def is_cleared() -> bool:
            return await replica.pending("one") == []

        await eventually(is_cleared)


async def test_flushed_knows_of_events_that_another_replica_left(tmp_path: Path, inbox: Inbox) -> None:
    nowhere = Inbox()
    nowhere.failure = BusUnavailable("away")
    async with a_replica(tmp_path, nowhere, **NEVER_SETTLES) as crashed:
        await crashed.count("one")
    async with a_replica(tmp_path, inbox, **NEVER_SETTLES) as other:
        assert not await other.outbox.flushed("one", 1)
        assert await other.outbox.flushed("never-written", 1)


async def test_what_memory_cannot_hold_is_left_to_the_relay(tmp_path: Path, inbox: Inbox) -> None:
    async with a_replica(tmp_path, inbox, **QUICK) as replica:
        inbox.failure = BusUnavailable("away")
        event_id = await replica.count("one")
        await eventually(lambda: inbox.attempts)
        for data in (
            {"changes": [{}] * ((HELD_EVENTS_BYTES - 3000) // 500)},
            {"note": "x" * HELD_EVENTS_BYTES},
        ):
            large = Event.new("counter.counted", "large", 1, SystemClock().now(), data)
            replica.outbox.dispatch("large", [large])
        left = await replica.count("two")
        assert not await replica.outbox.flushed("two", 0.01)
        inbox.failure = None
        await replica.outbox.start()
        await eventually(lambda: {event_id, left} <= set(inbox.ids))
        assert large.id not in inbox.ids


async def test_an_outbox_without_documents_does_not_start(inbox: Inbox) -> None:
    with pytest.raises(RuntimeError, match="attach"):
        await Outbox(inbox).start()


class Unsteady:
    """A store whose searches fail at first."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._failures: list[Exception] = [StoreUnavailable("away"), ValueError("a bug")]

    @property
    def collection(self) -> Collection:
        return self._store.collection

    async def find(self, query: Query) -> DocumentPage:
        if self._failures:
            raise self._failures.pop()
        return await self._store.find(query)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_the_relay_goes_on_after_the_store_failed(tmp_path: Path, inbox: Inbox) -> None:
    nowhere = Inbox()
    nowhere.failure = BusUnavailable("away")
    async with a_replica(tmp_path, nowhere, **NEVER_SETTLES) as crashed:
        event_id = await crashed.count("one")
    async with a_replica(tmp_path, inbox, **QUICK) as other:
        other.outbox.attach(other.repository, Unsteady(other.store))
        await other.outbox.start()
        await eventually(lambda: inbox.ids == [event_id])


class Stale(Unsteady):
    """A store that finds an old version of a document, before all other documents."""

    def __init__(self, store: DocumentStore, before: Document) -> None:
        super().__init__(store)
        self._failures.clear()
        self._before = before

    async def find(self, query: Query) -> DocumentPage:
        found = await super().find(query)
        return replace(found, documents=[self._before, *found.documents])


async def test_the_relay_passes_over_what_was_delivered_since_it_was_found(
    tmp_path: Path, inbox: Inbox
) -> None:
    nowhere = Inbox()
    nowhere.failure = BusUnavailable("away")
    async with a_replica(tmp_path, nowhere, **NEVER_SETTLES) as crashed:
        event_id = await crashed.count("one")
        before = await crashed.store.get("one")
        assert before is not None
        await crashed.store.create("cleared", {"count": 1, "names": []})
    async with a_replica(tmp_path, inbox, **QUICK) as other:
        other.outbox.attach(other.repository, Stale(other.store, replace(before, id="cleared")))
        await other.outbox.start()
        await eventually(lambda: inbox.ids == [event_id])
