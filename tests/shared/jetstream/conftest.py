"""A NATS with the accounts of the shop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client

from tests.shared.jetstream.accounts import Buses, Connect
from tests.support.servers import NatsServerOfShop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServerOfShop]:
    server = NatsServerOfShop(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def buses(server: NatsServerOfShop) -> AsyncIterator[Buses]:
    async with AsyncExitStack() as stack:
        buses = Buses(server)
        await buses.open(stack)
        yield buses


@pytest.fixture
def errors() -> list[str]:
    """What NATS reported to the clients of `connect`."""
    return []


@pytest.fixture
async def connect(server: NatsServerOfShop, errors: list[str]) -> AsyncIterator[Connect]:
    """Connects as a user, with a bare client that keeps to no rules."""

    async def on_error(error: Exception) -> None:
        errors.append(str(error))

    async with AsyncExitStack() as stack:

        async def connect_as(user: str) -> Client:
            client = await nats.connect(server.url_of(user), error_cb=on_error, allow_reconnect=False)
            stack.push_async_callback(client.close)
            return client

        yield connect_as
