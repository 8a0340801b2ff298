"""A replica that died after its write: what it left undone is done by whoever delivers the cart's events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from cart_service.carts.operations import AddItem
from cart_service.carts.service import CartWrite
from cart_service.carts.store import CartCodec
from cart_service.settings import CartSettings
from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.ids import new_id
from tests.cart_service.conftest import Catalogue
from tests.cart_service.replicas import Replica, running_replica
from tests.support.waiting import eventually


async def die_after_a_write(replica: Replica, owner: str, product: str) -> int:
    """Leaves the cart as a writer does that dies before it delivers the event and renews the summary; gives
    the version."""
    document = await replica.store.get(owner)
    assert document is not None
    cart = CartCodec().from_document(owner, document.body)
    long_ago = SystemClock().now() - timedelta(minutes=1)
    cart = replace(cart.add(product, 5, 1299, cart.lines[product].added_at), version=cart.version + 1)
    event = Event.new("cart.updated", owner, cart.version, long_ago, {"version": cart.version, "changes": []})
    body = CartCodec().to_document(cart)
    pending = {"pending_events": [event.to_json()], "pending_since": event.to_json()["time"]}
    await replica.store.replace(owner, {**body, **pending}, document.version)
    await replica.store.refresh()
    return cart.version


async def test_its_summary_is_outdated_on_every_replica(
    backend_settings: dict[str, Any], catalogue: Catalogue
) -> None:
    settings, owner, mug = CartSettings(**backend_settings), new_id(), await catalogue.put()
    async with (
        running_replica(settings, SystemClock()) as here,
        running_replica(settings, SystemClock()) as there,
    ):
        written = await here.service.writer.write(CartWrite(owner, [AddItem(mug, 1)]))
        assert await here.service.writer.write(CartWrite(owner, [AddItem(mug, 1)]))
        version = await die_after_a_write(here, owner, mug)
        assert version == written.cart.version + 2

        async def is_shown(replica: Replica) -> bool:
            return (await replica.service.summaries.get(owner)).version == version

        for replica in (here, there):
            await eventually(lambda replica=replica: is_shown(replica))
