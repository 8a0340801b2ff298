"""A guest's cart ends in the customer's exactly once, whatever is repeated and whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.cart_service.conftest import Catalogue, Customer


@pytest.fixture
def guest(replica: httpx.AsyncClient, sign_in) -> Customer:
    return sign_in(replica, role="guest")


@pytest.fixture
async def mug(catalogue: Catalogue) -> str:
    return await catalogue.put(stock=9)


def token_of(customer: Customer) -> str:
    return customer.headers["Authorization"].removeprefix("Bearer ")


async def merge(ann: Customer, guest: Customer, **fields: Any) -> httpx.Response:
    headers = {name: fields.pop(name) for name in list(fields) if name[0].isupper()}
    body = {"guest_token": token_of(guest), **fields}
    return await ann.call("POST", "/merge", body, **headers)


async def quantities(customer: Customer) -> dict[str, int]:
    cart = (await customer.call("GET")).json()
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def test_the_guests_lines_come_over_with_a_report(
    ann: Customer, guest: Customer, catalogue: Catalogue, mug: str
) -> None:
    cup = await catalogue.put()
    await ann.add(mug, 2)
    await guest.add(mug, 9)
    await guest.add(cup, 1)
    answer = await merge(ann, guest)
    assert answer.status_code == 200
    body = answer.json()
    assert body["lines"] == [
        {
            "product_id": mug,
            "quantity_mine": 2,
            "quantity_guest": 9,
            "quantity": 9,
            "outcome": "changed",
            "limited_by": "stock",
        },
        {
            "product_id": cup,
            "quantity_mine": 0,
            "quantity_guest": 1,
            "quantity": 1,
            "outcome": "added",
            "limited_by": None,
        },
    ]
    read = await ann.call("GET")
    assert body["cart"] == read.json()
    assert answer.headers["etag"] == read.headers["etag"]
    assert await quantities(ann) == {mug: 9, cup: 1}
    assert await quantities(guest) == {}
    assert (await guest.call("GET", "/summary")).json()["line_count"] == 0


async def test_repeating_it_changes_nothing(ann: Customer, guest: Customer, mug: str) -> None:
    await guest.add(mug, 2)
    first = await merge(ann, guest)
    again = await merge(ann, guest, strategy="guest")
    assert again.content == first.content
    assert await quantities(ann) == {mug: 2}


async def test_a_repeat_under_a_key_is_marked_even_after_an_undo(
    ann: Customer, guest: Customer, mug: str
) -> None:
    await guest.add(mug, 2)
    first = await merge(ann, guest, Idempotency_Key="k")
    assert "idempotent-replayed" not in first.headers
    await ann.call("POST", "/undo")
    again = await merge(ann, guest, Idempotency_Key="k")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["merge_id"] == first.json()["merge_id"]
    assert await quantities(ann) == {}
    other = await merge(ann, guest, Idempotency_Key="k", strategy="max")
    assert (other.status_code, other.json()["type"]) == (422, "urn:trolley:problem:idempotency-key-reused")


async def test_a_dry_run_tells_and_writes_nothing(ann: Customer, guest: Customer, mug: str) -> None:
    await ann.add(mug, 1)
    await guest.add(mug, 2)
    answer = await merge(ann, guest, dry_run=True)
    shown = answer.json()
    assert "etag" not in answer.headers
    assert shown["cart"]["version"] == (await ann.call("GET")).json()["version"]
    assert (shown["dry_run"], shown["merge_id"]) == (True, None)
    assert [line["quantity"] for line in shown["lines"]] == [3]
    assert [item["quantity"] for item in shown["cart"]["items"]] == [3]
    assert (await quantities(ann), await quantities(guest)) == ({mug: 1}, {mug: 2})
    assert (await merge(ann, guest)).json()["lines"] == shown["lines"]


async def test_undone_it_can_be_made_again_in_another_way(ann: Customer, guest: Customer, mug: str) -> None:
    await ann.add(mug, 1)
    await guest.add(mug, 2)
    await merge(ann, guest)
    assert (await ann.call("GET")).json()["undo"]["operation"] == "merge"
    undone = await ann.call("POST", "/undo")
    assert (undone.status_code, await quantities(ann)) == (200, {mug: 1})
    assert (await merge(ann, guest, strategy="max")).json()["strategy"] == "max"
    assert await quantities(ann) == {mug: 2}


async def test_what_the_guest_adds_later_is_another_merge(ann: Customer, guest: Customer, mug: str) -> None:
    await guest.add(mug, 2)
    await merge(ann, guest)
    await guest.add(mug, 1)
    assert (await merge(ann, guest)).json()["lines"][0]["quantity_guest"] == 1
    assert await quantities(ann) == {mug: 3}


async def test_saved_lines_come_over_too(ann: Customer, guest: Customer, mug: str) -> None:
    await guest.add(mug, 2)
    await guest.call("PATCH", "", {"operations": [{"op": "save", "product_id": mug}]})
    cart = (await merge(ann, guest)).json()["cart"]
    assert [(line["product_id"], line["quantity"]) for line in cart["saved_for_later"]] == [(mug, 2)]


async def test_an_empty_guests_cart_is_no_error(ann: Customer, guest: Customer) -> None:
    body = (await merge(ann, guest)).json()
    assert (body["merge_id"], body["lines"], body["cart"]["version"]) == (None, [], 0)


async def test_only_one_of_two_customers_gets_it(ann: Customer, guest: Customer, sign_in, mug: str) -> None:
    bob = sign_in(ann.client)
    await guest.add(mug, 2)
    answers = await asyncio.gather(*(merge(who, guest) for who in [ann, bob] * 5))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted([await quantities(ann), await quantities(bob)], key=len) == [{}, {mug: 2}]


async def test_if_match_is_asked_first(ann: Customer, guest: Customer, mug: str) -> None:
    await guest.add(mug, 2)
    await ann.add(mug, 1)
    refused = await merge(ann, guest, If_Match='"1"')
    assert (refused.status_code, await quantities(guest)) == (412, {mug: 2})
    etag = (await ann.call("GET")).headers["etag"]
    assert (await merge(ann, guest, If_Match=etag)).status_code == 200


@pytest.fixture
async def replicas(tokens, start_replica) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(start_replica()) for _ in range(3)]


async def test_of_200_parallel_merges_one_counts_and_none_fails(
    replicas: list[httpx.AsyncClient], sign_in, catalogue: Catalogue
) -> None:
    mug = await catalogue.put(stock=3)
    ann, guest = sign_in(replicas[0]), sign_in(replicas[0], role="guest")
    await guest.add(mug, 5)
    answers = await asyncio.gather(*(merge(ann.at(replicas[n % 3]), guest) for n in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["merge_id"] for answer in answers}) == 1
    assert {answer.json()["lines"][0]["quantity"] for answer in answers} == {3}
    for client in replicas:
        assert await quantities(ann.at(client)) == {mug: 3}
        assert await quantities(guest.at(client)) == {}


BAD_INPUT = [
    ({}, "/guest_token"),
    ({"guest_token": ""}, "/guest_token"),
    ({"guest_token": "no token"}, "/guest_token"),
    ({"guest_token": 7}, "/guest_token"),
    ({"guest_token": "x" * 5000}, "/guest_token"),
    ({"strategy": "all"}, "/strategy"),
    ({"dry_run": "yes please"}, "/dry_run"),
    ({"target": "bob"}, "/target"),
]


async def test_bad_input_is_named(
    ann: Customer, guest: Customer, mug: str, subtests: pytest.Subtests
) -> None:
    await guest.add(mug, 2)
    for body, pointer in BAD_INPUT:
        with subtests.test(body=body, pointer=pointer):
            if "guest_token" not in body and body:
                body = {"guest_token": token_of(guest), **body}
            answer = await ann.call("POST", "/merge", body)
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
            assert await quantities(guest) == {mug: 2}


async def test_only_a_living_guests_token_opens_a_cart(
    ann: Customer, guest: Customer, sign_in, tokens, mug: str
) -> None:
    bob = sign_in(ann.client)
    await bob.add(mug, 2)
    expired = Customer(ann.client, {"Authorization": tokens.issue(guest.user_id, "guest", expires_in=-1)}, "")
    for other in (bob, ann, expired):
        answer = await merge(ann, other)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/guest_token")
    assert await quantities(bob) == {mug: 2}
