"""What others hear of products: the entry in the bucket, and the events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from product_service.main import create_app
from product_service.settings import ProductSettings
from tests.product_service.catalogues import body, draft, fresh_sku
from tests.product_service.conftest import MakeSettings
from tests.product_service.editors import Editor
from tests.product_service.listeners import Listener, listening
from tests.support.apps import running
from tests.support.servers import NatsServer
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

ENTRY = ("id", "version", "name", "image_url", "price", "currency", "stock", "status", "categories")


@pytest.fixture
async def listener(nats_url: str) -> AsyncIterator[Listener]:
    async with listening(nats_url) as listener:
        yield listener


def entry_of(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in ENTRY}


async def test_a_cart_can_take_a_product_as_soon_as_its_write_is_answered(
    editor: Editor, listener: Listener
) -> None:
    added = await editor.add()
    path = f"/{added['id']}"
    assert await listener.entry(added["id"]) == entry_of(added)
    change = {"price": 1, "image_url": "/a.webp"}
    changed = (await editor.send("PATCH", path, version=1, json=change)).json()
    assert await listener.entry(added["id"]) == entry_of(changed)
    await editor.send("DELETE", path, version=2)
    entry = await listener.entry(added["id"])
    assert entry == {**entry_of(changed), "version": 3, "status": "deleted"}


async def test_an_import_is_delivered_when_it_is_answered(editor: Editor, listener: Listener) -> None:
    drafts = [draft(fresh_sku(), price=number) for number in range(300)]
    await editor.load(body(sku=each.sku, price=each.details.price) for each in drafts)
    entries = [await listener.entry(each.id) for each in drafts]
    assert [entry and entry["price"] for entry in entries] == list(range(300))


async def test_every_fact_is_told_in_order_with_the_whole_entry(editor: Editor, listener: Listener) -> None:
    added = await editor.add()
    path = f"/{added['id']}"
    await editor.send("PATCH", path, version=1, json={"price": 1, "stock": 9})
    await editor.send("PATCH", path, version=2, json={"status": "archived"})
    await editor.send("PATCH", path, version=3, json={"status": "active"})
    last = (await editor.send("GET", path)).json()
    await editor.send("DELETE", path, version=4)
    events = await listener.events(added["id"], 6)
    assert [(event["type"], event["entityversion"]) for event in events] == [
        ("shop.product.created", 1),
        ("shop.product.price_changed", 2),
        ("shop.product.updated", 2),
        ("shop.product.archived", 3),
        ("shop.product.updated", 4),
        ("shop.product.deleted", 5),
    ]
    assert events[0]["data"] == entry_of(added)
    assert events[4]["data"] == entry_of(last)
    assert events[5]["data"] == {**entry_of(last), "version": 5, "status": "deleted"}


async def test_the_bucket_ends_with_the_newest_version_of_every_product(
    product_settings: MakeSettings, editor: Editor, listener: Listener
) -> None:
    """Two replicas change a few products in any order, and each delivers its own events."""
    choose = random.Random(7)
    products = [await editor.add() for _ in range(4)]
    async with running(create_app(product_settings())) as other:
        editors = [editor, Editor(other, editor.authorization)]

        async def change(number: int) -> None:
            path = f"/{choose.choice(products)['id']}"
            sent = {"price": number, "stock": number}
            any_version = {"If-Match": "*"}
            answer = await choose.choice(editors).send("PATCH", path, json=sent, headers=any_version)
            assert answer.status_code == 200, answer.text

        await asyncio.gather(*(change(number) for number in range(60)))
        for product in products:
            shown = (await editor.send("GET", f"/{product['id']}")).json()
            assert await listener.entry(product["id"]) == entry_of(shown)


async def test_writes_succeed_without_nats_and_are_delivered_later(
    store_settings: dict[str, Any], redis_url: str, nats_server: NatsServer
) -> None:
    tokens = TokenIssuer()
    settings = ProductSettings(**store_settings, redis_url=redis_url, nats_url=nats_server.url)
    async with running(create_app(settings)) as shop:
        await tokens.publish_key(nats_server.url)
        editor = Editor(shop, tokens.issue(role="admin"))
        kept = await eventually(lambda: try_to_add(editor))
        nats_server.stop()
        path = f"/{kept['id']}"
        changed = await editor.send("PATCH", path, version=1, json={"price": 1})
        assert changed.status_code == 200
        added = await editor.add()
        imported = (await editor.load(body() for _ in range(500))).json()
        assert imported["created"] == 500
        nats_server.start()
        async with listening(nats_server.url) as listener:
            for shown in (changed.json(), added):

                async def delivered(shown: dict[str, Any] = shown) -> bool:
                    return await listener.entry(shown["id"]) == entry_of(shown)

                await eventually(delivered)
            events = await listener.events(kept["id"], 2)
            assert [event["entityversion"] for event in events] == [1, 2]
            assert len(await listener.events(added["id"], 1)) == 1


async def try_to_add(editor: Editor) -> dict[str, Any]:
    """Works as soon as the replica has heard of the new key."""
    answer = await editor.send("POST", json=body())
    assert answer.status_code == 201
    added: dict[str, Any] = answer.json()
    return added


async def test_what_a_replica_left_undelivered_another_delivers(
    store_settings: dict[str, Any], redis_url: str, nats_server: NatsServer, nats_url: str
) -> None:
    """The first replica writes, loses its NATS and ends; the second one finds the events in the document."""
    tokens = TokenIssuer()
    await tokens.publish_key(nats_server.url)
    common = {**store_settings, "redis_url": redis_url}
    async with running(create_app(ProductSettings(**common, nats_url=nats_server.url))) as shop:
        nats_server.stop()
        added = await Editor(shop, tokens.issue(role="admin")).add()
    async with (
        listening(nats_url) as listener,
        running(create_app(ProductSettings(**common, nats_url=nats_url))),
    ):

        async def delivered() -> bool:
            return await listener.entry(added["id"]) == entry_of(added)

        await eventually(delivered)
        assert [event["type"] for event in await listener.events(added["id"], 1)] == ["shop.product.created"]
