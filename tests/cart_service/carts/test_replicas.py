"""Several replicas over one store, one NATS and one Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.cart_service.conftest import Catalogue, Customer
from tests.support.waiting import eventually


@pytest.fixture
async def replicas(replica: httpx.AsyncClient, start_replica) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [replica, *[await stack.enter_async_context(start_replica()) for _ in range(2)]]


async def test_of_200_parallel_adds_none_is_lost_or_refused(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    adds = (ann.at(replicas[number % 3]).add(mug, 1) for number in range(200))
    answers = await asyncio.gather(*adds)
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["item_count"] for answer in answers) == list(range(1, 201))
    first = min(answer.json()["version"] for answer in answers)
    for client in replicas:
        cart = (await ann.at(client).call("GET")).json()
        assert (cart["item_count"], cart["version"]) == (200, first + 199)
        assert (await ann.at(client).call("GET", "/summary")).json()["item_count"] == 200


async def test_adds_of_different_products_through_all_replicas(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    ids = await catalogue.put_many(6)
    adds = (ann.at(replicas[number % 3]).add(ids[number % 6], 2) for number in range(60))
    answers = await asyncio.gather(*adds)
    assert {answer.status_code for answer in answers} == {200}
    cart = (await ann.call("GET")).json()
    assert {item["product_id"]: item["quantity"] for item in cart["items"]} == dict.fromkeys(ids, 20)


async def test_of_parallel_conditional_writes_one_wins(replicas, ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    etag = (await ann.add(mug)).headers["etag"]
    adds = (ann.at(replicas[number % 3]).add(mug, 1, If_Match=etag) for number in range(9))
    answers = await asyncio.gather(*adds)
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 8


async def test_a_summary_is_never_older_than_the_last_answer(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    for number in range(30):
        version = (await ann.at(replicas[number % 3]).add(mug)).json()["version"]
        summary = await ann.at(replicas[(number + 1) % 3]).call("GET", "/summary")
        assert summary.json()["version"] >= version


async def test_a_new_price_reaches_every_replicas_summary(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put(price=100)
    await ann.add(mug, 3)
    etags = [(await ann.at(client).call("GET", "/summary")).headers["etag"] for client in replicas]
    await catalogue.put(mug, price=250)
    for client, etag in zip(replicas, etags, strict=True):

        async def is_new(client=client, etag=etag) -> bool:
            answer = await ann.at(client).call("GET", "/summary", If_None_Match=etag)
            return answer.status_code == 200 and answer.json()["total"] == 750

        await eventually(is_new)
        summary = (await ann.at(client).call("GET", "/summary")).json()
        assert summary["notices"] == [
            {
                "type": "price_changed",
                "product_id": mug,
                "message": "Mug costs 2.50 USD now; it cost 1.00 USD when it was added.",
            }
        ]


async def test_a_deleted_product_is_gone_from_the_totals(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    mug, cup = await catalogue.put(), await catalogue.put(price=10)
    await ann.add(mug)
    await ann.add(cup)
    await catalogue.put(mug, status="deleted")

    async def is_gone() -> bool:
        cart = (await ann.at(replicas[1]).call("GET")).json()
        return cart["items"][0]["availability"] == "gone"

    await eventually(is_gone)
    cart = (await ann.at(replicas[1]).call("GET")).json()
    assert (cart["total"], cart["item_count"], cart["line_count"]) == (10, 1, 2)
    assert [notice["type"] for notice in cart["notices"]] == ["product_gone"]
    removed = await ann.at(replicas[1]).call("DELETE", f"/items/{mug}")
    assert removed.json()["notices"] == []
