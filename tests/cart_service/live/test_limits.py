"""The live cart as one answer among others: how many, how long, and what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
from fastapi import FastAPI

from cart_service.live.service import CART_STREAMS
from cart_service.live.stream import CART_STREAM_EVENTS
from shared.http.runtime import Runtime
from shared.observability.metrics import HTTP_REQUEST_SECONDS
from tests.cart_service.conftest import Catalogue, Customer
from tests.support.apps import serving
from tests.support.streams import EVENTS, following
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

Create = Callable[..., FastAPI]
SignIn = Callable[..., Customer]


def value_of(metric: Any, sample: str, **labels: str) -> float:
    found = [it for family in metric.collect() for it in family.samples if it.name == sample]
    return sum(it.value for it in found if labels.items() <= it.labels.items())


async def test_one_look_ends_by_itself(
    replica: httpx.AsyncClient, ann: Customer, catalogue: Catalogue
) -> None:
    await ann.add(await catalogue.put())
    look = await ann.call("GET", "/events?once=true")
    head, cart, end, rest = look.text.split("\n\n")
    assert head.startswith("retry: ")
    assert cart.startswith("event: cart\ndata: {")
    assert (end, rest) == ('event: end\ndata: {"reason":"once"}', "")
    last = cart.rpartition("\nid: ")[2]
    again = await ann.call("GET", "/events?once=true", Last_Event_ID=last)
    assert [it.partition(":")[0] for it in again.text.split("\n\n")] == ["retry", "event", ""]


async def test_a_look_is_asked_for_by_yes_or_no(replica: httpx.AsyncClient, ann: Customer) -> None:
    answer = await ann.call("GET", "/events?once=perhaps")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["query:once"]


async def test_head_is_answered_at_once_with_the_same_headers(
    tokens: TokenIssuer, create_replica: Create
) -> None:
    async with serving(create_replica()) as client:
        headers = {"Authorization": tokens.issue()}
        head = await client.head(EVENTS, headers=headers)
        look = await client.get(f"{EVENTS}?once=true", headers=headers)
        assert head.status_code == 200
        assert head.content == b""
        for name in ("content-type", "cache-control", "x-accel-buffering"):
            assert head.headers[name] == look.headers[name]
        assert "content-length" not in head.headers


async def test_one_stream_too_many_is_refused(
    tokens: TokenIssuer, create_replica: Create, sign_in: SignIn
) -> None:
    async with serving(create_replica(cart_events_per_user=2, cart_events_limit=3)) as client:
        ann, bob = sign_in(client), sign_in(client)
        async with following(client, ann.headers), following(client, ann.headers) as second:
            await second.cart()
            refused = await ann.call("GET", "/events?once=true")
            assert (refused.status_code, refused.json()["type"]) == (
                429,
                "urn:trolley:problem:too-many-streams",
            )
            assert int(refused.headers["retry-after"]) > 0
            async with following(client, bob.headers) as bobs:
                await bobs.cart()
                refused = await bob.call("GET", "/events?once=true")
                assert (refused.status_code, refused.json()["type"]) == (
                    503,
                    "urn:trolley:problem:no-more-streams",
                )
                assert int(refused.headers["retry-after"]) > 0
                assert (await ann.call("HEAD", "/events")).status_code == 200

        async def has_room() -> bool:
            return (await ann.call("GET", "/events?once=true")).status_code == 200

        await eventually(has_room)


async def test_a_replica_that_drains_ends_every_stream_at_once(
    tokens: TokenIssuer, create_replica: Create, sign_in: SignIn
) -> None:
    app = create_replica()
    runtime: Runtime = app.state.runtime
    async with serving(app) as client:
        ann = sign_in(client)
        async with following(client, ann.headers) as stream:
            await stream.cart()
            runtime.draining.set()
            assert await stream.end() == "draining"
        assert '{"reason":"draining"}' in (await ann.call("GET", "/events")).text


async def test_silence_is_broken_by_signs_of_life(
    tokens: TokenIssuer, create_replica: Create, sign_in: SignIn
) -> None:
    app = create_replica(cart_events_heartbeat_seconds=1)
    async with serving(app) as client, following(client, sign_in(client).headers) as stream:
        await eventually(lambda: stream.signs_of_life >= 2)


async def test_a_long_stream_counts_as_quickly_answered(
    tokens: TokenIssuer, create_replica: Create, sign_in: SignIn
) -> None:
    def answered(sample: str) -> float:
        name = f"http_request_duration_seconds_{sample}"
        return value_of(HTTP_REQUEST_SECONDS, name, route=EVENTS, method="GET", status="200")

    carts = value_of(CART_STREAM_EVENTS, "cart_stream_events_total", event="cart")
    left = value_of(CART_STREAM_EVENTS, "cart_stream_events_total", event="left")
    count, seconds = answered("count"), answered("sum")
    loop = asyncio.get_running_loop()
    async with serving(create_replica(cart_events_heartbeat_seconds=1)) as client:
        ann, began = sign_in(client), loop.time()
        async with following(client, ann.headers) as stream:
            until_answered = loop.time() - began
            await eventually(lambda: stream.signs_of_life >= 1)  # so it lasts longer than that
            assert value_of(CART_STREAMS, "cart_streams") == 1
        await eventually(lambda: answered("count") == count + 1)
        assert answered("sum") - seconds <= until_answered
        assert value_of(CART_STREAMS, "cart_streams") == 0
        assert value_of(CART_STREAM_EVENTS, "cart_stream_events_total", event="cart") == carts + 1
        assert value_of(CART_STREAM_EVENTS, "cart_stream_events_total", event="left") == left + 1
