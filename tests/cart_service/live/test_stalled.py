"""A client that opens a live cart and does not read it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from cart_service.carts.ports import Rendered
from shared.ids import new_id
from tests.support.apps import running
from tests.support.streams import EVENTS
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

Create = Callable[..., FastAPI]


class Slow:
    """A client whose connection is open, and which takes the first cart only when it is `reading`."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self.reading = asyncio.Event()
        self.sent: list[bytes] = []
        headers = [(b"authorization", token.encode())]
        scope = {"type": "http", "method": "GET", "path": EVENTS, "query_string": b"", "headers": headers}
        self.stream = asyncio.create_task(app(scope, asyncio.Event().wait, self._send))

    @property
    def is_offered_the_cart(self) -> bool:
        return bool(self.sent) and self.sent[-1].startswith(b"event: cart")

    async def _send(self, message: Any) -> None:
        self.sent.append(message.get("body", b""))
        if self.is_offered_the_cart:
            await self.reading.wait()


@asynccontextmanager
async def stalled(app: FastAPI, token: str) -> AsyncIterator[Slow]:
    client = Slow(app, token)
    await eventually(lambda: client.is_offered_the_cart)
    yield client
    client.stream.cancel()
    await asyncio.gather(client.stream, return_exceptions=True)


async def has_room(client: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    return (await client.get(f"{EVENTS}?once=true", headers=headers)).status_code == 200


async def test_it_keeps_its_place_no_longer_than_its_token_lives(
    tokens: TokenIssuer, create_replica: Create
) -> None:
    app, ann = create_replica(cart_events_per_user=1, cart_events_send_seconds=300), new_id()
    fresh = {"Authorization": tokens.issue(ann)}
    async with running(app) as client, stalled(app, tokens.issue(ann, expires_in=2)) as slow:
        assert not await has_room(client, fresh)
        await eventually(slow.stream.done)
        assert await has_room(client, fresh)


async def test_it_keeps_its_place_no_longer_than_its_session_lasts(
    tokens: TokenIssuer, create_replica: Create, nats_url: str
) -> None:
    app, session = create_replica(cart_events_send_seconds=300), new_id()
    async with running(app), stalled(app, tokens.issue(session_id=session)) as slow:
        await tokens.revoke(nats_url, session)
        await eventually(slow.stream.done)


async def test_it_is_left_when_it_takes_nothing_for_too_long(
    tokens: TokenIssuer, create_replica: Create
) -> None:
    app = create_replica(cart_events_send_seconds=1)
    async with running(app), stalled(app, tokens.issue()) as slow:
        await eventually(slow.stream.done)


async def test_who_is_only_slow_hears_why_it_ends(tokens: TokenIssuer, create_replica: Create) -> None:
    app = create_replica(cart_events_send_seconds=300)
    async with running(app), stalled(app, tokens.issue()) as slow:
        app.state.runtime.draining.set()
        asyncio.get_running_loop().call_later(0.1, slow.reading.set)
        await slow.stream
        assert b'{"reason":"draining"}' in slow.sent[-1]


async def test_it_keeps_nothing_of_the_cart_that_it_has_sent(
    tokens: TokenIssuer, create_replica: Create
) -> None:
    app = create_replica()
    async with running(app), stalled(app, tokens.issue()) as slow:
        assert renderings()
        slow.reading.set()
        await eventually(lambda: not renderings())
        assert not slow.stream.done()


def renderings() -> list[Rendered]:
    """Carts as JSON that this process holds."""
    gc.collect()
    return [it for it in gc.get_objects() if isinstance(it, Rendered)]
