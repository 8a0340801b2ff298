"""A part dies; the shop goes on, and heals without hands."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.shops import Shop
from tests.e2e.test_story import new_product, some_products
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_no_add_is_lost_or_doubled_while_a_replica_is_killed(fragile_shop: Shop) -> None:
    ann = await fragile_shop.register()
    product = (await some_products(ann, 1))[0]
    body = {"product_id": product["id"], "quantity": 1}

    async def add(number: int) -> None:
        """As a careful client does: the same key again until there is an answer."""

        async def accepted() -> bool:
            key = {"Idempotency-Key": f"add-{number}"}
            return (await ann.call("POST", "/cart/items", json=body, headers=key)).status_code == 200

        await eventually(accepted)

    adding = asyncio.gather(*(add(number) for number in range(40)))
    await fragile_shop.stack.kill("cart", 1)
    await adding
    await fragile_shop.stack.restart("cart", 1)
    assert (await ann.get("/cart/summary"))["item_count"] == 40


async def test_events_arrive_after_nats_was_away(fragile_shop: Shop) -> None:
    admin = await fragile_shop.admin()
    product = await new_product(admin, price=700)
    ann = await fragile_shop.register()
    await ann.add(product["id"])
    await fragile_shop.stack.kill("nats")
    change = await admin.call(
        "PATCH",
        f"/products/{product['id']}",
        json={"price": 900},
        headers={"If-Match": f'"{product["version"]}"'},
    )
    assert change.status_code == 200
    assert (await ann.get("/cart/summary"))["total"] == 700
    await fragile_shop.stack.restart("nats")

    async def arrived() -> bool:
        return bool((await ann.get("/cart/summary"))["total"] == 900)

    await eventually(arrived, every=0.2)


async def test_the_cart_works_without_redis(fragile_shop: Shop) -> None:
    ann = await fragile_shop.register()
    product = (await some_products(ann, 1))[0]
    await ann.add(product["id"])
    await fragile_shop.stack.kill("redis")
    await ann.add(product["id"])
    assert (await ann.get("/cart/summary"))["item_count"] == 2


async def test_the_cart_works_without_the_product_service(fragile_shop: Shop) -> None:
    ann = await fragile_shop.register()
    product = (await some_products(ann, 1))[0]
    await fragile_shop.stack.kill("products")
    await ann.add(product["id"])
    assert (await ann.get("/cart/summary"))["items"][0]["name"] == product["name"]
