"""The same merge two hundred times at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.ids import new_id
from tests.chaos.attempts import Attempts
from tests.chaos.load import owner_of
from tests.chaos.proofs import prove_cart, prove_events, prove_no_drift
from tests.chaos.shops import ChaosShop
from tests.e2e.shops import Person

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

MERGES = 200
AT_ONCE = 50
STOCK = 3


async def carts_to_merge(shop: ChaosShop) -> tuple[Person, Person, str]:
    """A customer with two pieces of a product, a guest with two, and three in stock."""
    product = await shop.product(stock=STOCK)
    customer, guest = await shop.shop.register(), await shop.shop.guest()
    await customer.add(product, 2)
    await guest.add(product, 2)
    return customer, guest, product


async def merge_many(attempts: Attempts, customer: Person, guest: Person) -> list[dict[str, Any]]:
    """So many merges, each with a key of its own, as if each came from another tab."""
    body = {"guest_token": guest.session["access_token"], "strategy": "sum"}
    turns = asyncio.Semaphore(AT_ONCE)

    async def merge() -> dict[str, Any]:
        async with turns:
            answer = await attempts.post(customer, "/cart/merge", body, new_id())
            return dict(answer.json())

    return list(await asyncio.gather(*(merge() for _ in range(MERGES))))


async def prove_one_merge(
    shop: ChaosShop, customer: Person, guest: Person, product: str, answers: list[dict[str, Any]]
) -> None:
    """Every answer tells of the same merge, and its carts and events show that it was made once."""
    assert len(answers) == MERGES
    assert len({answer["merge_id"] for answer in answers}) == 1
    assert {line["quantity"] for answer in answers for line in answer["lines"]} == {STOCK}
    await prove_cart(customer, {product: STOCK})
    await prove_cart(guest, {})
    await prove_events(shop, owner_of(customer), {product: STOCK})
    await prove_events(shop, owner_of(guest), {})
    await prove_no_drift(shop)


async def test_two_hundred_merges_at_once_are_one_merge(shop: ChaosShop) -> None:
    """All succeed, and the stock of three holds: two and two pieces become three, once."""
    customer, guest, product = await carts_to_merge(shop)
    attempts = Attempts()
    answers = await merge_many(attempts, customer, guest)
    print(f"{MERGES} merges; {attempts}")
    assert set(attempts.seen) == {"200"}
    await prove_one_merge(shop, customer, guest, product, answers)


async def test_a_merge_is_made_once_when_a_replica_dies_in_the_middle(shop: ChaosShop) -> None:
    """A replica is killed while the first answers are on their way; clients repeat what it did not answer."""
    customer, guest, product = await carts_to_merge(shop)
    attempts = Attempts()
    merging = asyncio.create_task(merge_many(attempts, customer, guest))
    await shop.when(lambda: attempts.seen["200"] > 0)
    await shop.stack.kill("cart", 0)
    answers = await merging
    await shop.stack.restart("cart", 0)
    print(f"{MERGES} merges, a replica killed; {attempts}")
    await prove_one_merge(shop, customer, guest, product, answers)
