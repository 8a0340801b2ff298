"""A live cart without a header, as a browser's `EventSource` asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from tests.cart_service.conftest import Catalogue, Customer
from tests.support.apps import serving
from tests.support.streams import EVENTS, following
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually
from trolley.local.ports import free_port

Create = Callable[..., FastAPI]
SignIn = Callable[..., Customer]
REFUSED = (401, "urn:trolley:problem:ticket-refused")


async def ticket_of(customer: Customer, **headers: str) -> dict[str, str]:
    """The query of a request without a header."""
    answer = await customer.call("POST", "/events/ticket", **headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 60
    return {"ticket": answer.json()["ticket"]}


async def look(client: httpx.AsyncClient, query: dict[str, str], **options: Any) -> httpx.Response:
    """The cart as it is now, without a token."""
    return await client.get(EVENTS, params={**query, "once": "true"}, **options)


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


async def test_a_ticket_opens_one_stream(
    replica: httpx.AsyncClient, ann: Customer, catalogue: Catalogue
) -> None:
    await ann.add(await catalogue.put(), 2)
    query = await ticket_of(ann)
    assert '"item_count":2' in (await look(replica, query)).text
    again = await look(replica, query)
    assert problem_of(again) == REFUSED
    assert again.headers["www-authenticate"].startswith("Bearer ")
    assert "POST /api/v1/cart/events/ticket" in again.json()["detail"]


async def test_of_many_replicas_and_requests_one_redeems_it(
    tokens: TokenIssuer, create_replica: Create, sign_in: SignIn
) -> None:
    async with serving(create_replica()) as here, serving(create_replica()) as there:
        query = await ticket_of(sign_in(here))
        answers = await asyncio.gather(*(look((here, there)[i % 2], query) for i in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19


async def test_redis_is_not_needed_for_tickets(
    tokens: TokenIssuer, create_replica: Create, sign_in: SignIn
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with serving(create_replica(redis_url=nowhere)) as client:
        query = await ticket_of(sign_in(client))
        assert [(await look(client, query)).status_code for _ in range(2)] == [200, 401]


NO_TICKETS = [
    "x",
    "x" * 43,
    "é" * 43,
    "x" * 200,
    "../auth_keys",
    "$KV.stream_tickets.x",
    "a b",
    "\x00",
    "*",
    ">",
]


async def test_what_is_no_ticket_is_refused(replica: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for ticket in NO_TICKETS:
        with subtests.test(ticket=ticket):
            assert problem_of(await look(replica, {"ticket": ticket})) == REFUSED


async def test_a_ticket_that_is_far_too_long_is_a_bad_value(replica: httpx.AsyncClient) -> None:
    answer = await look(replica, {"ticket": "x" * 201})
    assert problem_of(answer) == (422, "urn:trolley:problem:invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "query:ticket"


async def test_an_empty_ticket_counts_as_none(replica: httpx.AsyncClient, ann: Customer) -> None:
    assert (await look(replica, {"ticket": ""}, headers=ann.headers)).status_code == 200
    answer = await look(replica, {"ticket": ""})
    assert problem_of(answer) == (401, "urn:trolley:problem:not-authenticated")


async def test_a_ticket_of_an_ended_session_is_refused(
    replica: httpx.AsyncClient, tokens: TokenIssuer, nats_url: str
) -> None:
    session, user = new_id(), new_id()
    ann = Customer(replica, {"Authorization": tokens.issue(user, session_id=session)}, user)
    query = await ticket_of(ann)
    await tokens.revoke(nats_url, session)

    async def is_out() -> bool:
        return (await ann.call("GET")).status_code == 401

    await eventually(is_out)
    assert problem_of(await look(replica, query)) == (401, "urn:trolley:problem:not-authenticated")


async def test_a_logout_ends_the_stream_of_a_ticket(
    tokens: TokenIssuer, create_replica: Create, nats_url: str
) -> None:
    async with serving(create_replica()) as client:
        session, user = new_id(), new_id()
        ann = Customer(client, {"Authorization": tokens.issue(user, session_id=session)}, user)
        async with following(client, {}, query=await ticket_of(ann)) as stream:
            await stream.cart()
            await tokens.revoke(nats_url, session)
            assert await stream.end() == "session_ended"


async def test_the_stream_of_a_ticket_ends_with_the_token(
    tokens: TokenIssuer, create_replica: Create
) -> None:
    async with serving(create_replica()) as client:
        user = new_id()
        ann = Customer(client, {"Authorization": tokens.issue(user, expires_in=6)}, user)
        async with following(client, {}, query=await ticket_of(ann)) as stream:
            await stream.cart()
            assert await stream.end() == "token_expired"


async def test_a_ticket_stands_for_the_owner_that_an_admin_named(
    replica: httpx.AsyncClient, ann: Customer, sign_in: SignIn, catalogue: Catalogue
) -> None:
    await ann.add(await catalogue.put(), 3)
    admin = sign_in(replica, "admin")
    query = await ticket_of(admin, On_Behalf_Of=ann.user_id)
    assert '"item_count":3' in (await look(replica, query)).text


async def test_nobody_else_gets_a_ticket_for_a_cart(
    replica: httpx.AsyncClient, ann: Customer, sign_in: SignIn
) -> None:
    bob = sign_in(replica)
    refused = await bob.call("POST", "/events/ticket", On_Behalf_Of=ann.user_id)
    assert problem_of(refused) == (403, "urn:trolley:problem:permission-denied")


async def test_headers_do_not_change_what_a_ticket_stands_for(
    replica: httpx.AsyncClient, ann: Customer, sign_in: SignIn, catalogue: Catalogue
) -> None:
    await ann.add(await catalogue.put(), 4)
    admin, query = sign_in(replica, "admin"), await ticket_of(ann)
    others = {**admin.headers, "On-Behalf-Of": admin.user_id}
    assert '"item_count":4' in (await look(replica, query, headers=others)).text


async def test_the_last_event_may_be_named_in_the_address(
    replica: httpx.AsyncClient, ann: Customer, catalogue: Catalogue
) -> None:
    await ann.add(await catalogue.put())
    last = (await ann.call("GET")).headers["etag"].strip('"')
    known = {**await ticket_of(ann), "last_event_id": last}
    assert "event: cart" not in (await look(replica, known)).text
    other = {**await ticket_of(ann), "last_event_id": "1-abc"}
    assert "event: cart" in (await look(replica, other)).text
    newer = {**await ticket_of(ann), "last_event_id": "1-abc"}
    assert "event: cart" not in (await look(replica, newer, headers={"Last-Event-ID": last})).text


async def test_one_ticket_too_many_is_refused(
    tokens: TokenIssuer, create_replica: Create, sign_in: SignIn
) -> None:
    async with serving(create_replica(cart_events_tickets_per_minute=2)) as client:
        ann = sign_in(client)
        answers = [await ann.call("POST", "/events/ticket") for _ in range(5)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused  # a minute may end between them
        assert problem_of(refused[0]) == (429, "urn:trolley:problem:too-many-tickets")
        assert 1 <= int(refused[0].headers["retry-after"]) <= 60
