"""Repeating a write under one Idempotency-Key."""

from __future__ import annotations

import asyncio

import pytest

from shared.ids import new_id
from tests.cart_service.conftest import Catalogue, Customer
from tests.support.waiting import eventually

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


async def test_a_repeated_write_is_answered_and_not_made_again(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    first = await ann.add(mug, 2, Idempotency_Key=KEY)
    again = await ann.add(mug, 2, Idempotency_Key=KEY)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"]


async def test_a_replay_shows_the_cart_as_it_is_now(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    await ann.add(mug, 2, Idempotency_Key=KEY)
    await ann.add(mug, 1)
    again = await ann.add(mug, 2, Idempotency_Key=KEY)
    assert again.json()["item_count"] == 3


NO_KEYS = ['"a \\"', '""', "", '"a', "a b", "a" * 256]


async def test_a_key_that_is_none_is_refused(
    ann: Customer, catalogue: Catalogue, subtests: pytest.Subtests
) -> None:
    for quoted in NO_KEYS:
        with subtests.test(quoted=quoted):
            answer = await ann.add(await catalogue.put(), Idempotency_Key=quoted)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == "header:Idempotency-Key"
            assert (await ann.call("GET")).json()["version"] == 0


async def test_quotes_are_not_part_of_the_key(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    await ann.add(mug, 2, Idempotency_Key=f'"{KEY}"')
    assert (await ann.add(mug, 2, Idempotency_Key=KEY)).headers["idempotent-replayed"] == "true"


async def test_the_same_request_in_other_words_is_a_repeat(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    await ann.add(mug, 1, Idempotency_Key=KEY)
    again = await ann.call("POST", "/items", {"product_id": mug}, Idempotency_Key=KEY)
    assert again.headers["idempotent-replayed"] == "true"


async def test_another_request_under_the_same_key_is_refused(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    await ann.add(mug, 2, Idempotency_Key=KEY)
    for answer in (
        await ann.add(mug, 3, Idempotency_Key=KEY),
        await ann.call("PUT", f"/items/{mug}", {"quantity": 2}, Idempotency_Key=KEY),
        await ann.call("DELETE", f"/items/{mug}", Idempotency_Key=KEY),
        await ann.call("DELETE", Idempotency_Key=KEY),
    ):
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("idempotency-key-reused")
    assert (await ann.call("GET")).json()["item_count"] == 2


async def test_a_key_belongs_to_one_cart(replica, sign_in, ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    for customer in (ann, sign_in(replica)):
        answer = await customer.add(mug, 2, Idempotency_Key=KEY)
        assert "idempotent-replayed" not in answer.headers


async def test_parallel_duplicates_count_once(ann: Customer, catalogue: Catalogue, start_replica) -> None:
    mug = await catalogue.put()
    async with start_replica() as other:
        customers = [ann, ann.at(other)] * 10
        answers = await asyncio.gather(*(it.add(mug, 1, Idempotency_Key=KEY) for it in customers))
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count(None) == 1
    assert {answer.json()["item_count"] for answer in answers} == {1}


async def test_a_refused_write_leaves_its_key_free(ann: Customer, catalogue: Catalogue) -> None:
    later = f"p{new_id()[1:]}"
    assert (await ann.add(later, 1, Idempotency_Key=KEY)).status_code == 404
    await catalogue.put(later)

    async def added() -> bool:
        return (await ann.add(later, 1, Idempotency_Key=KEY)).is_success

    await eventually(added)
    assert (await ann.call("GET")).json()["item_count"] == 1


async def test_a_key_is_remembered_for_a_write_that_changed_nothing(
    ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    removed = await ann.call("DELETE", f"/items/{mug}", Idempotency_Key=KEY)
    assert (removed.status_code, removed.json()["version"]) == (200, 0)
    await ann.add(mug)
    again = await ann.call("DELETE", f"/items/{mug}", Idempotency_Key=KEY)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["item_count"] == 1


async def test_the_last_64_keys_are_remembered(ann: Customer, catalogue: Catalogue) -> None:
    mug = await catalogue.put()
    for number in range(65):
        await ann.add(mug, 1, Idempotency_Key=f"key-{number}")
    assert (await ann.add(mug, 1, Idempotency_Key="key-1")).json()["item_count"] == 65
    assert (await ann.add(mug, 1, Idempotency_Key="key-0")).json()["item_count"] == 66


async def test_a_repeat_is_recognised_although_its_if_match_is_outdated(
    ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    etag = (await ann.call("GET")).headers["etag"]
    await ann.add(mug, 1, Idempotency_Key=KEY, If_Match=etag)
    again = await ann.add(mug, 1, Idempotency_Key=KEY, If_Match=etag)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
