"""Listens to events as they are published, without acknowledgements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import nats.errors
import orjson
from nats.aio.msg import Msg

from shared.events.envelope import Event
from shared.events.ports import EventHandler
from shared.jetstream.connection import NatsSessions
from shared.jetstream.session import NatsSession
from shared.observability.logging import get_logger

log = get_logger(__name__)


async def listen(
    connection: NatsSessions, handlers: Mapping[str, EventHandler], on_listening: Callable[[], None]
) -> None:
    """Listens in every session, until it is cancelled. See `EventBus.listen`."""
    while True:
        session = await connection.next_session()
        with suppress(nats.errors.Error):
            await _listen_in(session, handlers, on_listening)
        await session.wait_ended()


async def _listen_in(
    session: NatsSession, handlers: Mapping[str, EventHandler], on_listening: Callable[[], None]
) -> None:
    subscriptions = [
        await session.client.subscribe(pattern, cb=_reader(handler)) for pattern, handler in handlers.items()
    ]
    try:
        await session.client.flush()  # from now on no event is missing
        on_listening()
        await session.wait_ended()
    finally:
        for subscription in subscriptions:
            with suppress(nats.errors.Error):
                await subscription.unsubscribe()


def _reader(handler: EventHandler) -> Callable[[Msg], Awaitable[None]]:
    async def read(message: Msg) -> None:
        try:
            await handler(Event.from_json(orjson.loads(message.data)))
        except Exception as error:  # the next message must be handled nevertheless
            log.warning("event passed over", subject=message.subject, exc_info=error)

    return read
