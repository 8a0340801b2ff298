"""The live cart through the gateway, from both replicas."""

from __future__ import annotations

from contextlib import AsyncExitStack

import orjson
import pytest

from shared.ids import new_id
from tests.e2e.shops import Person, Shop
from tests.support.streams import EVENTS, Reader, following
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

COMPRESSED = {"Accept-Encoding": "gzip, br, zstd"}


async def some_product(person: Person) -> str:
    page = await person.get("/products?in_stock=true&limit=1")
    return str(page["items"][0]["id"])


async def follow(stack: AsyncExitStack, shop: Shop, person: Person, id: str) -> Reader:
    headers = {**person.headers, **COMPRESSED, "X-Request-Id": id}
    return await stack.enter_async_context(following(shop.client, headers))


async def test_a_change_reaches_every_replica_and_is_not_held_back(shop: Shop) -> None:
    ann = await shop.register()
    product, ids = await some_product(ann), [new_id() for _ in range(4)]
    async with AsyncExitStack() as stack:
        streams = [await follow(stack, shop, ann, id) for id in ids]
        assert [(await stream.cart())["item_count"] for stream in streams] == [0] * 4
        for count in (1, 2, 3):
            written = await ann.add(product)
            assert [await stream.cart() for stream in streams] == [written] * 4
            assert written["item_count"] == count
        await eventually(lambda: all(stream.signs_of_life for stream in streams))
        written = await ann.add(product)
        assert [await stream.cart() for stream in streams] == [written] * 4
    if shop.is_ours:
        await eventually(lambda: len(replicas_of(shop, ids)) == 2)


def replicas_of(shop: Shop, ids: list[str]) -> set[str]:
    """Where the gateway sent these requests; it writes that down when they have ended."""
    log = (shop.stack.directory / "access.log").read_bytes().splitlines()
    entries = [orjson.loads(line) for line in log if b"cart-events@file" in line]
    return {entry["ServiceAddr"] for entry in entries if entry.get("request_X-Request-Id") in ids}


async def test_a_logout_ends_the_stream(shop: Shop) -> None:
    ann = await shop.register()
    async with following(shop.client, ann.headers) as stream:
        await stream.cart()
        (await ann.call("POST", "/auth/logout")).raise_for_status()
        assert await stream.end() == "session_ended"


async def test_a_price_change_shows_in_the_open_cart(shop: Shop, admin: Person) -> None:
    ann = await shop.register()
    product = await some_product(ann)
    await ann.add(product)
    async with following(shop.client, ann.headers) as stream:
        before = await stream.cart()
        read = await ann.call("GET", f"/products/{product}")
        headers = {"If-Match": read.headers["etag"]}
        body = {"price": read.json()["price"] + 100}
        (await admin.call("PATCH", f"/products/{product}", json=body, headers=headers)).raise_for_status()
        assert (await stream.cart())["total"] == before["total"] + 100


async def test_one_stream_too_many_hears_the_limit_of_the_cart(shop: Shop) -> None:
    ann = await shop.register()
    assert (await ann.call("HEAD", "/cart/events")).status_code == 200
    async with AsyncExitStack() as stack:
        for _ in range(17):  # eight on each of two replicas
            stream = shop.client.stream("GET", EVENTS, headers=ann.headers)
            response = await stack.enter_async_context(stream)
            if response.status_code != 200:
                break
        problem = orjson.loads(await response.aread())
        assert (problem["status"], problem["type"]) == (429, "urn:trolley:problem:too-many-streams")
        assert int(response.headers["retry-after"]) > 0


async def test_a_replica_that_leaves_ends_its_streams_and_the_other_goes_on(fragile_shop: Shop) -> None:
    ann = await fragile_shop.register()
    product = await some_product(ann)
    async with AsyncExitStack() as stack:
        streams = [await follow(stack, fragile_shop, ann, new_id()) for _ in range(2)]
        for stream in streams:
            await stream.cart()
        await fragile_shop.stack.process("cart", 0).stop(60)
        await eventually(lambda: any(not stream.is_silent for stream in streams))
        left, kept = sorted(streams, key=lambda stream: stream.is_silent)
        assert await left.end() == "draining"
        again = await follow(stack, fragile_shop, ann, new_id())
        assert (await again.cart())["item_count"] == 0
        written = await ann.add(product)
        assert await again.cart() == await kept.cart() == written
