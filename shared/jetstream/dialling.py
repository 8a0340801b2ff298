"""Opening and closing the client's connection to NATS, where the client library leaves something to do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from nats.aio.client import Client, Server

from shared.backoff import backoff

CLOSE_SECONDS = 1
LONGEST_RETRY_SECONDS = 2.0


def choose_server(servers: Sequence[Server], _info: dict[str, Any]) -> tuple[Server, float]:
    """The server tried least often, after an exponential delay:
    `nats.aio.client.ReconnectToServerHandler`."""
    server = min(servers, key=lambda each: each.reconnects)
    delays = backoff(most=LONGEST_RETRY_SECONDS)
    for _ in range(min(server.reconnects, 10)):
        next(delays)
    return server, next(delays)


def cut_socket(client: Client) -> None:
    """Closes the socket at once, unsent bytes or not. The client has no public way to."""
    writer = getattr(client._transport, "_io_writer", None)
    if writer is not None:
        with suppress(AttributeError):  # of asyncio: it was closing, and sent its last bytes just now
            writer.transport.abort()


async def hang_up(client: Client) -> None:
    """Closes the connection, and soon: a frozen server would let it wait for ever."""
    closing = asyncio.create_task(client.close())
    await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
    if not closing.done():
        cut_socket(client)
    await closing
