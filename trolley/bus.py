"""A plain connection to the shop's NATS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import nats
import nats.errors
from nats.aio.client import Client

from shared.addresses import split_addresses, without_credentials
from shared.jetstream.accounts import inbox_prefix
from shared.jetstream.requests import Requests
from shared.jetstream.session import NatsSession
from trolley.environment import require_servers
from trolley.errors import CommandFailed
from trolley.invocation import make

_ANSWER_SECONDS = 5.0


@asynccontextmanager
async def nats_client(environment: Mapping[str, str]) -> AsyncIterator[Client]:
    """A client connected to NATS_URL. Raises `CommandFailed` if NATS does not answer."""
    require_servers(environment, "NATS_URL")
    urls = environment["NATS_URL"]
    try:
        client = await nats.connect(
            split_addresses(urls),
            connect_timeout=2,
            inbox_prefix=inbox_prefix(split_addresses(urls)[0]),
            allow_reconnect=False,
            max_reconnect_attempts=1,  # else it tries each address sixty times before it gives up
            reconnect_time_wait=0.1,
            error_cb=_raised_anyway,
        )
    except (OSError, TimeoutError, nats.errors.Error) as error:
        where = without_credentials(split_addresses(urls))
        raise CommandFailed(
            f"NATS at {where} does not answer. Start the shop with `{make('run')}`, or set NATS_URL."
        ) from error
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def nats_session(environment: Mapping[str, str]) -> AsyncIterator[NatsSession]:
    """A session for requests to JetStream. Raises `CommandFailed` if NATS does not answer."""
    async with nats_client(environment) as client:
        requests = Requests(client, _ANSWER_SECONDS)
        await requests.open()
        try:
            yield NatsSession(client, requests)
        finally:
            await requests.close()


async def _raised_anyway(_error: Exception) -> None:
    """Does nothing. Without it the client also logs the error that `connect` raises."""
