"""Events out, and events in."""

from __future__ import annotations

import httpx
import nats
import orjson
import pytest

from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.jetstream.nats_bus import NatsEventBus
from tests.cart_service.conftest import Catalogue, Customer
from tests.support.waiting import eventually


@pytest.fixture
async def bus(nats_url: str):
    bus = NatsEventBus(nats_url, name="test")
    await bus.start()
    yield bus
    await bus.close()


async def test_each_change_is_published_once(ann: Customer, catalogue: Catalogue, nats_url: str) -> None:
    mug = await catalogue.put()
    heard: list[dict] = []

    async def hear(message) -> None:
        heard.append(orjson.loads(message.data))

    client = await nats.connect(nats_url)
    await client.subscribe(f"shop.cart.*.{ann.user_id}", cb=hear)
    await client.flush()
    first = (await ann.add(mug, 2)).json()["version"]
    await ann.call("PUT", f"/items/{mug}", {"quantity": 2})
    await ann.call("DELETE")
    await eventually(lambda: len(heard) == 2)
    await client.close()
    assert [event["type"] for event in heard] == ["shop.cart.updated"] * 2
    assert [event["entityversion"] for event in heard] == [first, first + 1]
    assert [event["data"] for event in heard] == [
        {"version": first, "changes": [{"product_id": mug, "quantity_then": 0, "quantity_now": 2}]},
        {"version": first + 1, "changes": [{"product_id": mug, "quantity_then": 2, "quantity_now": 0}]},
    ]


async def test_a_deleted_user_has_no_cart_any_more(
    replica: httpx.AsyncClient, ann: Customer, catalogue: Catalogue, bus: NatsEventBus
) -> None:
    await ann.add(await catalogue.put())
    await ann.call("GET", "/summary")
    await bus.publish(Event.new("user.deleted", ann.user_id, 2, SystemClock().now(), {}))

    async def is_gone() -> bool:
        answers = [await ann.call("GET", path) for path in ("", "/summary")]
        return all(answer.json()["version"] == 0 for answer in answers)

    await eventually(is_gone)
