"""Events that stay in their documents."""

from __future__ import annotations

import pytest

from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import PENDING_SINCE
from shared.clock import to_rfc3339
from shared.events.envelope import Event
from shared.events.ports import BucketConfig
from shared.ids import new_id
from shared.store.ports import DocumentStore
from tests.support.events import Recorder
from tests.support.waiting import eventually
from tests.trolley.verify.shops import ShopWriter, verify
from trolley.migration import COLLECTIONS
from trolley.verify.shop import Shop

LONG_AGO = "2026-01-31T12:00:00.000Z"


def outbox_of(shop: Shop, collection: str) -> tuple[DocumentStore, Outbox]:
    return next(it for it in shop.outboxes if it[0].collection.name == collection)


async def leave_behind(store: DocumentStore, id: str, *events: dict[str, object]) -> None:
    """Writes as a replica that dies between its write and the delivery."""
    document = await store.get(id)
    assert document is not None
    body = {**document.body, "pending_events": list(events), "pending_since": events[0]["time"]}
    await store.replace(id, body, document.version)


MAILS = {"mailed_codes", "notices"}
"""Their events are mails, which only the running shop sends: they never reach the bus."""


def test_every_collection_with_events_is_looked_at(shop: Shop) -> None:
    with_events = {it.name for it in COLLECTIONS if PENDING_SINCE in it.fields} - MAILS
    assert {store.collection.name for store, _ in shop.outboxes} == with_events


async def test_an_event_left_behind_is_delivered_and_dropped(shop: Shop, writer: ShopWriter) -> None:
    mug = await writer.product()
    owner = await writer.cart(mug.id)
    store, outbox = outbox_of(shop, "carts")
    event = Event.new("cart.updated", owner, 3, shop.clock.now(), {"version": 3, "changes": []})
    await leave_behind(store, owner, {**event.to_json(), "time": LONG_AGO})
    found = ("events of carts", owner, "found")
    assert (await verify(shop)).findings == [found]
    assert (await verify(shop, fix=True)).findings == [(*found[:2], "repaired")]
    document = await store.get(owner)
    assert document is not None
    assert not document.body["pending_events"]
    recorder = Recorder()
    await shop.bus.subscribe("listener", {f"shop.cart.updated.{owner}": recorder})
    await eventually(lambda: event.id in recorder.ids)
    assert (await verify(shop)).findings == []
    assert await outbox.deliver_pending(owner)


async def test_a_sign_out_left_behind_ends_its_session(shop: Shop) -> None:
    store, _ = outbox_of(shop, "sessions")
    session, at = new_id(), to_rfc3339(shop.clock.now())
    body = {
        "user_id": "u",
        "role": "customer",
        "created_at": at,
        "refreshed_at": at,
        "expires_at": at,
        "ended_at": at,
        "version": 1,
        "refresh_digest": "",
        "user_agent": "",
    }
    await store.create(session, body)
    data = {"user_id": "u", "session_ids": [session], "reason": "logout"}
    event = Event.new("session.ended", session, 1, shop.clock.now(), data).to_json()
    await leave_behind(store, session, {**event, "time": LONG_AGO})
    result = await verify(shop, fix=True)
    assert result.findings == [("events of sessions", session, "repaired")]
    revoked = await shop.bus.bucket(BucketConfig("auth_revocations", ttl_seconds=660))
    assert await revoked.get(session) is not None


@pytest.mark.parametrize("age", ["young", "old"])
async def test_only_what_waits_too_long_is_reported(shop: Shop, writer: ShopWriter, age: str) -> None:
    owner = await writer.cart((await writer.product()).id)
    store, _ = outbox_of(shop, "carts")
    event = Event.new("cart.updated", owner, 3, shop.clock.now(), {}).to_json()
    await leave_behind(store, owner, event)
    result = await verify(shop, pending_seconds=60 if age == "young" else 0)
    assert bool(result.findings) is (age == "old")


async def test_an_unreadable_event_is_reported_and_left(shop: Shop, writer: ShopWriter) -> None:
    owner = await writer.cart((await writer.product()).id)
    store, _ = outbox_of(shop, "carts")
    await leave_behind(store, owner, {"id": "1", "time": LONG_AGO})
    result = await verify(shop, fix=True)
    assert result.findings == [("events of carts", owner, "left")]
    document = await store.get(owner)
    assert document is not None
    assert document.body["pending_events"]
