"""The command `trolley verify`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cart_service.main import create_app as create_cart
from cart_service.settings import CartSettings
from product_service.main import create_app as create_products
from product_service.settings import ProductSettings
from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from tests.product_service.catalogues import body
from tests.support.apps import running
from tests.support.servers import NatsServer, RedisServer
from tests.support.terminal import Terminal
from tests.support.tokens import TokenIssuer
from tests.trolley.verify.shops import ShopWriter
from trolley.migration import COLLECTIONS
from trolley.verify.shop import open_shop


@pytest.fixture
def terminal(tmp_path: Path, environment: dict[str, str]) -> Terminal:
    return Terminal(tmp_path, environment)


async def test_drift_is_shown_repaired_and_gone(terminal: Terminal) -> None:
    async with open_shop(terminal.environment) as shop:
        writer = ShopWriter(shop)
        product = await writer.product()
        await writer.cart(product.id)
        await shop.products.bucket.delete(product.id)
    shown = await terminal.run("verify")
    assert shown.status == 1, shown
    assert product.id in shown.output
    assert "there is no entry" in shown.output
    repaired = await terminal.run("verify", "--fix", "--json")
    assert repaired.status == 0, repaired
    finding, counts = repaired.lines[0], repaired.lines[-1]
    assert (finding["what"], finding["outcome"]) == (product.id, "repaired")
    assert (counts["found"], counts["repaired"], counts["left"]) == (1, 1, 0)
    assert counts["checks"]["products of carts"]["looked_at"] == 1
    healthy = await terminal.run("verify", "--json")
    assert (healthy.status, len(healthy.lines)) == (0, 1), healthy


async def test_what_cannot_be_repaired_ends_with_1(terminal: Terminal) -> None:
    async with open_shop(terminal.environment) as shop:
        writer = ShopWriter(shop)
        owner = await writer.cart((await writer.product()).id)
        document = await shop.carts.carts.store.get(owner)
        assert document is not None
        events = {"pending_events": [{"time": document.body["updated_at"]}]}
        pending = {**document.body, **events, "pending_since": document.body["updated_at"]}
        await shop.carts.carts.store.replace(owner, pending, document.version)
    result = await terminal.run("verify", "--fix", "--json", "--pending-seconds", "0")
    assert result.status == 1, result
    assert result.lines[-1]["left"] == 1


@pytest.mark.parametrize(
    ("setting", "address"),
    [("NATS_URL", "nats://127.0.0.1:1"), ("REDIS_URL", "redis://127.0.0.1:1"), ("SHOP_CURRENCY", "dollars")],
)
async def test_what_is_not_there_is_named_and_ends_with_2(
    terminal: Terminal, setting: str, address: str
) -> None:
    result = await terminal.run("verify", **{setting: address})
    assert result.status == 2, result
    assert setting in result.errors
    assert "Traceback" not in result.errors


async def test_a_shop_at_work_agrees(
    terminal: Terminal,
    store_settings: dict[str, Any],
    nats_server: NatsServer,
    redis_server: RedisServer,
    tokens: TokenIssuer,
) -> None:
    """Prices and carts change while it runs."""
    await tokens.publish_key(nats_server.url)
    settings = {**store_settings, "nats_url": nats_server.url, "redis_url": redis_server.url}
    factory = create_store_factory(ServiceSettings(**store_settings))
    for collection in COLLECTIONS:
        await factory.open(collection)
    await factory.close()
    admin = {"Authorization": tokens.issue("boss", "admin")}
    products, cart = create_products(ProductSettings(**settings)), create_cart(CartSettings(**settings))
    done = asyncio.Event()
    writes = 0
    async with running(products) as catalogue, running(cart) as carts:
        added = [await catalogue.post("/api/v1/products", json=body(), headers=admin) for _ in range(5)]
        ids = [answer.json()["id"] for answer in added]
        shoppers = [{"Authorization": tokens.issue(new_id())} for _ in range(5)]

        async def work() -> None:
            nonlocal writes
            while not done.is_set():
                writes += 1
                id, shopper = ids[writes % 5], shoppers[writes % 4]
                price = {"price": 100 + writes}
                headers = {**admin, "If-Match": "*"}
                patched = await catalogue.patch(f"/api/v1/products/{id}", json=price, headers=headers)
                assert patched.status_code == 200, patched.text
                line = {"product_id": id, "quantity": 1}
                assert (await carts.post("/api/v1/cart/items", json=line, headers=shopper)).is_success
                assert (await carts.get("/api/v1/cart/summary", headers=shopper)).is_success

        worker = asyncio.create_task(work())
        result = await terminal.run("verify", "--json")
        done.set()
        await worker
    assert result.status == 0, result
    assert result.lines[-1]["looked_at"] > 10
    assert writes > 10
