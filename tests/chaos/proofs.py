"""What must hold once everything is back: each accepted add is there once, and was told once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

import nats
import orjson

from shared.events.envelope import Event
from tests.chaos.load import Load, owner_of
from tests.chaos.shops import REPLICAS, ChaosShop
from tests.e2e.shops import Person
from tests.support.waiting import eventually

HEALING_SECONDS = 60


async def prove_nothing_lost_or_doubled(shop: ChaosShop, load: Load) -> None:
    """Carts, summaries, outboxes and events against what the clients were answered."""
    people = {owner_of(person): person for person in load.people}
    for owner, quantities in load.accepted.items():
        await prove_cart(people[owner], quantities)
        await prove_events(shop, owner, quantities)
    await prove_no_drift(shop)


async def prove_no_drift(shop: ChaosShop) -> None:
    """Store, buckets and cache agree, says the operator's own command."""
    verifying = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "trolley", "verify", "--json"),
        cwd=shop.stack.directory.parent,
        env=shop.stack.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    findings, _ = await verifying.communicate()
    assert verifying.returncode == 0, findings.decode()


async def prove_cart(person: Person, quantities: Mapping[str, int]) -> None:
    """The cart and, asked of every replica, its summary hold exactly these quantities."""
    for path in ["/cart", *["/cart/summary"] * REPLICAS]:
        items = (await person.get(path))["items"]
        assert {item["product_id"]: item["quantity"] for item in items} == quantities, path


async def prove_events(shop: ChaosShop, owner: str, quantities: Mapping[str, int]) -> None:
    """Every change of the cart arrives in the stream, and its document keeps none of them."""

    async def arrived() -> bool:
        return folded(await events_of(shop, owner)) == quantities

    async def drained() -> bool:
        return not await shop.pending_events(owner)

    await eventually(arrived, HEALING_SECONDS, every=0.5)
    await eventually(drained, HEALING_SECONDS, every=0.5)


async def events_of(shop: ChaosShop, owner: str) -> list[Event]:
    """What the stream has of the cart, each event once, in the order of the versions."""
    client = await nats.connect(shop.stack.environment["NATS_URL"])
    try:
        subject = f"shop.cart.updated.{owner}"
        subscription = await client.jetstream().subscribe(subject, ordered_consumer=True)
        events: dict[str, Event] = {}
        async with asyncio.timeout(HEALING_SECONDS):
            async for message in subscription.messages:
                event = Event.from_json(orjson.loads(message.data))
                events[event.id] = event
                if message.metadata.num_pending == 0:
                    break
    finally:
        await client.close()
    return sorted(events.values(), key=lambda event: event.version)


def folded(events: list[Event]) -> dict[str, int]:
    """The quantities that the events tell of. AssertionError when a version is missing or told twice, or
    when an event does not begin where the one before it ended."""
    first = events[0].version
    assert [event.version for event in events] == list(range(first, first + len(events)))
    quantities: dict[str, int] = {}
    for event in events:
        for change in event.data["changes"]:
            assert quantities.get(change["product_id"], 0) == change["quantity_then"]
            quantities[change["product_id"]] = change["quantity_now"]
    return {product: quantity for product, quantity in quantities.items() if quantity}
