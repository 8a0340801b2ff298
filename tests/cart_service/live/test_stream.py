"""The live cart over HTTP: two replicas over one store, one NATS and one Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.ids import new_id
from shared.jetstream.nats_bus import NatsEventBus
from tests.cart_service.conftest import Catalogue, Customer
from tests.support.apps import serving
from tests.support.streams import EVENTS, following
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

MALFORMED = ["", "0", '"1-abc"', "x" * 1000, "1-abc, 2-def", "caf\u00e9"]


@pytest.fixture
async def replicas(
    tokens: TokenIssuer, create_replica: Callable[..., FastAPI]
) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(create_replica())) for _ in range(2)]


@pytest.fixture
def ann(replicas: list[httpx.AsyncClient], sign_in: Callable[..., Customer]) -> Customer:
    return sign_in(replicas[0])


async def test_each_replica_tells_of_the_others_changes(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    async with following(replicas[0], ann.headers) as here, following(replicas[1], ann.headers) as there:
        assert (await here.cart())["items"] == (await there.cart())["items"] == []
        for client in replicas:
            written = (await ann.at(client).add(mug)).json()
            assert await here.cart() == await there.cart() == written


async def test_an_event_is_what_a_read_answers(replicas, ann: Customer, catalogue: Catalogue) -> None:
    await ann.add(await catalogue.put(name='T\u00e9\u2028 "x"'), 2)
    async with following(replicas[1], ann.headers) as stream:
        event = await stream.next()
        read = await ann.call("GET")
        assert event.data == read.json()
        assert f'"{event.id}"' == read.headers["etag"]
        assert 500 <= stream.retry <= 1500
        answered = stream.response.headers
        assert answered["content-type"].partition(";")[0] == "text/event-stream"
        assert (answered["cache-control"], answered["x-accel-buffering"]) == ("no-store", "no")


async def test_who_was_away_gets_the_present_cart_and_who_has_it_nothing(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    async with following(replicas[0], ann.headers) as stream:
        before = await stream.next()
    written = [(await ann.add(mug)).json() for _ in range(3)]
    async with following(replicas[1], ann.headers, Last_Event_ID=before.id) as stream:
        now = await stream.next()
        assert now.data == written[-1]
    async with following(replicas[1], ann.headers, Last_Event_ID=now.id) as stream:
        await eventually(lambda: stream.retry)
        assert stream.is_silent
        added = (await ann.add(mug)).json()
        assert await stream.cart() == added


async def test_a_last_event_id_that_is_none_is_ignored(
    replicas, ann: Customer, subtests: pytest.Subtests
) -> None:
    for id in MALFORMED:
        with subtests.test(id=id):
            headers = {**ann.headers, "Last-Event-ID": id.encode()}
            async with following(replicas[0], headers) as stream:
                assert (await stream.cart())["items"] == []


async def test_a_product_that_changes_shows_in_every_cart_that_has_it(
    replicas, ann: Customer, sign_in: Callable[..., Customer], catalogue: Catalogue
) -> None:
    mug, cup = await catalogue.put(price=100), await catalogue.put(price=100)
    bob = sign_in(replicas[0])
    await ann.add(mug, 2)
    await bob.add(cup)
    async with following(replicas[0], bob.headers) as bobs, following(replicas[1], ann.headers) as anns:
        assert ((await anns.cart())["total"], (await bobs.cart())["total"]) == (200, 100)
        await catalogue.put(mug, price=150)
        cart = await anns.cart()
        assert (cart["total"], [it["type"] for it in cart["notices"]]) == (300, ["price_changed"])
        await catalogue.put(cup, stock=0)
        assert (await bobs.cart())["items"][0]["availability"] == "short"
        assert anns.is_silent


async def test_nobody_hears_of_anothers_cart(
    replicas, ann: Customer, sign_in: Callable[..., Customer], catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    bob, admin = sign_in(replicas[0]), sign_in(replicas[0], role="admin")
    assert (await replicas[0].get(EVENTS)).status_code == 401
    refused = await bob.call("GET", "/events", On_Behalf_Of=ann.user_id)
    assert refused.status_code == 403
    watching = following(replicas[1], admin.headers, On_Behalf_Of=ann.user_id)
    async with following(replicas[0], bob.headers) as bobs, watching as admins:
        await bobs.cart()
        await admins.cart()
        anns = (await ann.add(mug, 7)).json()
        assert await admins.cart() == anns
        theirs = (await bob.add(mug)).json()
        assert await bobs.cart() == theirs


async def test_a_session_that_is_ended_ends_its_streams(replicas, tokens: TokenIssuer, nats_url: str) -> None:
    user, phone, laptop = new_id(), new_id(), new_id()
    lost = {"Authorization": tokens.issue(user, session_id=phone)}
    kept = {"Authorization": tokens.issue(user, session_id=laptop)}
    async with following(replicas[0], lost) as ending, following(replicas[0], kept) as staying:
        await ending.cart()
        await staying.cart()
        await tokens.revoke(nats_url, phone)
        assert await ending.end() == "session_ended"
        assert staying.is_silent


async def test_a_token_that_expires_ends_its_stream(replicas, tokens: TokenIssuer) -> None:
    headers = {"Authorization": tokens.issue(new_id(), expires_in=2)}
    async with following(replicas[0], headers) as stream:
        await stream.cart()
        assert await stream.end() == "token_expired"


async def test_an_account_that_is_deleted_ends_its_streams_everywhere(
    replicas, ann: Customer, nats_url: str
) -> None:
    bus = NatsEventBus(nats_url, name="test")
    await bus.start()
    async with following(replicas[0], ann.headers) as here, following(replicas[1], ann.headers) as there:
        await here.cart()
        await there.cart()
        await bus.publish(Event.new("user.deleted", ann.user_id, 2, SystemClock().now(), {}))
        assert await here.end() == await there.end() == "account_deleted"
    await bus.close()
