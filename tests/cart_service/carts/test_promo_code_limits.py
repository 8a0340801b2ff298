"""The limits of codes under load, and uses that find their way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from cart_service.bootstrap import bootstrap
from cart_service.carts.service import CartWrite
from cart_service.service import CartService
from cart_service.settings import CartSettings
from shared.backends import open_backends
from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.ids import new_id
from tests.cart_service.conftest import Customer
from tests.cart_service.promotion_requests import add_promotion, put_code, uses_of
from tests.support.waiting import eventually


@pytest.fixture
async def replicas(replica: httpx.AsyncClient, start_replica) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [replica, *[await stack.enter_async_context(start_replica()) for _ in range(2)]]


@pytest.fixture
def admin(replica: httpx.AsyncClient, sign_in) -> Customer:
    return sign_in(replica, role="admin")


@pytest.fixture
async def service(backend_settings: dict[str, Any]) -> AsyncIterator[CartService]:
    settings = CartSettings(**backend_settings)
    async with (
        open_backends(settings, SystemClock(), name="cart") as backends,
        bootstrap(settings, backends) as carts,
    ):
        yield carts


async def test_of_200_customers_exactly_as_many_get_a_code_as_may(
    replicas: list[httpx.AsyncClient], admin: Customer, sign_in: Callable[..., Customer]
) -> None:
    code = await add_promotion(admin, total_limit=50)
    customers = [sign_in(replicas[number % 3]) for number in range(200)]
    answers = await asyncio.gather(*(put_code(customer, code) for customer in customers))
    assert sorted(answer.status_code for answer in answers) == [200] * 50 + [409] * 150
    carts = await asyncio.gather(*(customer.call("GET") for customer in customers))
    holders = [cart.json()["promo_code"] is not None for cart in carts]
    assert holders == [answer.status_code == 200 for answer in answers]
    assert await uses_of(admin, code) == {"reserved": 50, "final": 0}


async def test_while_codes_come_and_go_the_limit_holds_and_nothing_is_lost(
    replicas: list[httpx.AsyncClient], admin: Customer, sign_in: Callable[..., Customer]
) -> None:
    code = await add_promotion(admin, total_limit=5)

    async def take_and_leave(number: int) -> None:
        customer = sign_in(replicas[number % 3])
        for turn in range(4):
            if (await put_code(customer, code)).status_code == 200:
                assert (await uses_of(admin, code))["reserved"] <= 5
                await customer.at(replicas[turn % 3]).call("DELETE", "/promo-code")

    await asyncio.gather(*(take_and_leave(number) for number in range(20)))
    assert await uses_of(admin, code) == {"reserved": 0, "final": 0}


async def test_one_customer_in_many_requests_has_one_use(
    replicas: list[httpx.AsyncClient], admin: Customer, ann: Customer
) -> None:
    code = await add_promotion(admin, total_limit=9)
    puts = [put_code(ann.at(replicas[number % 3]), code) for number in range(12)]
    removals = [ann.at(replicas[number % 3]).call("DELETE", "/promo-code") for number in range(6)]
    answers = await asyncio.gather(*puts, *removals)
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert (await put_code(ann, code)).status_code == 200
    assert (await uses_of(admin, code))["reserved"] == 1
    await ann.call("DELETE", "/promo-code")
    assert (await uses_of(admin, code))["reserved"] == 0


async def test_every_cart_with_the_last_use_is_counted_however_requests_repeat_and_overlap(
    replicas: list[httpx.AsyncClient], admin: Customer, sign_in: Callable[..., Customer]
) -> None:
    code = await add_promotion(admin, total_limit=2)
    customers = [sign_in(replicas[number % 3]) for number in range(6)]

    async def insist(customer: Customer, number: int) -> None:
        """Puts it twice at once (on a condition, under a key, or plain), every other time with a removal."""
        etag = (await customer.call("GET")).headers["ETag"]
        headers = ({"If-Match": etag}, {"Idempotency-Key": new_id()}, {})[number % 3]
        requests = [put_code(customer.at(replica), code, **headers) for replica in replicas[:2]]
        if number % 2:
            requests.append(customer.call("DELETE", "/promo-code"))
        answers = await asyncio.gather(*requests)
        assert {answer.status_code for answer in answers} <= {200, 409, 412}

    for turn in range(4):
        await asyncio.gather(*(insist(customer, turn + n) for n, customer in enumerate(customers)))
        carts = [(await customer.call("GET")).json() for customer in customers]
        holders = sum(cart["promo_code"] is not None for cart in carts)
        assert holders == (await uses_of(admin, code))["reserved"] <= 2
    await asyncio.gather(*(customer.call("DELETE", "/promo-code") for customer in customers))
    assert await uses_of(admin, code) == {"reserved": 0, "final": 0}


async def test_parallel_orders_of_the_last_uses(
    replicas: list[httpx.AsyncClient], admin: Customer, sign_in: Callable[..., Customer]
) -> None:
    code = await add_promotion(admin, total_limit=5)
    path = f"/promotions/{code}/uses"
    orders = [{"user_id": new_id(), "order_id": f"2026-{number % 20}"} for number in range(20)]
    answers = await asyncio.gather(
        *(admin.at(replicas[number % 3]).call("POST", path, orders[number % 20]) for number in range(60))
    )
    placed = {answer.json()["order_id"] for answer in answers if answer.status_code == 200}
    assert {answer.status_code for answer in answers} == {200, 409}
    assert len(placed) == 5
    assert await uses_of(admin, code) == {"reserved": 0, "final": 5}


async def test_a_deleted_users_use_is_given_back(
    service: CartService, admin: Customer, ann: Customer
) -> None:
    code = await add_promotion(admin, total_limit=1)
    await put_code(ann, code)
    await service.cleanup.owner_was_deleted(ann.user_id)
    assert await uses_of(admin, code) == {"reserved": 0, "final": 0}
    await service.cleanup.owner_was_deleted(ann.user_id)


async def test_the_event_of_a_dropped_code_gives_its_use_back(
    service: CartService, admin: Customer, ann: Customer, backend_settings: dict[str, Any]
) -> None:
    """As if the writer had died between its write and giving the use back."""
    code = await add_promotion(admin, total_limit=1)
    cart = (await service.promo_codes.put(CartWrite(ann.user_id, ()), code)).cart
    settings = CartSettings(**backend_settings)
    async with open_backends(settings, SystemClock(), name="test") as backends:
        data = {"code": code, "turn": cart.promo_turn}
        event = Event.new("cart.promo_code_dropped", ann.user_id, cart.version, SystemClock().now(), data)
        await backends.bus.publish(event)

        async def is_given_back() -> bool:
            return (await uses_of(admin, code))["reserved"] == 0

        await eventually(is_given_back)
