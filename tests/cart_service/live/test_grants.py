"""Grants in NATS: of all who ask for one, one gets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from cart_service.live.grants import STREAM_TICKETS, NatsStreamGrants
from cart_service.live.ports import StreamGrant
from shared.events.ports import BusUnavailable
from shared.ids import new_id
from shared.jetstream.nats_bus import NatsEventBus
from shared.security.identity import Identity, Role, Scope
from tests.support.events import running_bus
from tests.support.servers import NatsServer

UNTIL = datetime(2026, 1, 1, 12, tzinfo=UTC)
SCOPES = frozenset({Scope.CART_ANY, Scope.CATALOG_WRITE})
GRANT = StreamGrant("bob", Identity("ann", "phone", Role.ADMIN, SCOPES, UNTIL, UNTIL - timedelta(minutes=5)))


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_url) as bus:
        yield bus


async def test_what_is_taken_is_what_was_put(bus: NatsEventBus) -> None:
    ticket = new_id()
    await NatsStreamGrants(bus).put(ticket, GRANT, UNTIL)
    assert await NatsStreamGrants(bus).take(ticket) == (GRANT, UNTIL)


async def test_of_many_who_take_it_at_once_one_gets_it(bus: NatsEventBus, nats_url: str) -> None:
    async with running_bus(nats_url) as other:
        replicas = [NatsStreamGrants(bus), NatsStreamGrants(other)]
        for _ in range(20):
            ticket = new_id()
            await replicas[0].put(ticket, GRANT, UNTIL)
            taken = await asyncio.gather(*(replicas[i % 2].take(ticket) for i in range(20)))
            assert [it for it in taken if it is not None] == [(GRANT, UNTIL)]


async def test_an_unknown_ticket_stands_for_nothing(bus: NatsEventBus) -> None:
    assert await NatsStreamGrants(bus).take("unknown") is None


async def test_the_ticket_itself_is_kept_nowhere(bus: NatsEventBus) -> None:
    ticket = new_id()
    await NatsStreamGrants(bus).put(ticket, GRANT, UNTIL)
    kept = [entry async for entry in (await bus.bucket(STREAM_TICKETS)).scan()]
    assert kept
    assert not any(ticket in entry.key or ticket.encode() in (entry.value or b"") for entry in kept)


async def test_without_nats_nothing_is_given_or_taken(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url) as bus:
        grants = NatsStreamGrants(bus)
        await grants.put("ticket", GRANT, UNTIL)
        nats_server.stop()
        for asking in (grants.put("other", GRANT, UNTIL), grants.take("ticket")):
            with pytest.raises(BusUnavailable):
                await asking
