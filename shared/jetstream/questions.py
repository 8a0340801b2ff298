"""Questions from one service to another: a request and one answer, by plain NATS, outside every stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import nats.errors
from nats.aio.msg import Msg

from shared.errors import Unavailable
from shared.events.ports import Answer, BusUnavailable
from shared.jetstream.connection import NatsSessions
from shared.jetstream.session import NatsSession
from shared.observability.logging import get_logger

log = get_logger(__name__)

_ERROR = "Nats-Service-Error"
"""The header of an answer that is a failure, as in NATS's service API (ADR-32)."""


async def ask(session: NatsSession, subject: str, question: bytes) -> bytes:
    """The answer. Raises `BusUnavailable` if nobody answers in time, or with a failure."""
    reply = await session.requests.send(subject, question)
    if reply.headers and (failure := reply.headers.get(_ERROR)):
        raise BusUnavailable(f"{subject} failed: {failure}")
    return reply.data


async def answer(connection: NatsSessions, subject: str, handler: Answer) -> None:
    """Answers in every session, until it is cancelled. Replicas share the questions."""
    while True:
        session = await connection.next_session()
        with suppress(nats.errors.Error):
            subscription = await session.client.subscribe(subject, queue="replicas", cb=_replier(handler))
            await session.wait_ended()
            await subscription.unsubscribe()
        await session.wait_ended()


def _replier(handler: Answer) -> Callable[[Msg], Awaitable[None]]:
    async def reply(message: Msg) -> None:
        headers: dict[str, str] | None = None
        try:
            content = await handler(message.data)
        except Unavailable as error:
            content, headers = b"", {_ERROR: error.code}
        except Exception as error:  # the next question must be answered nevertheless
            log.error("question not answered", subject=message.subject, exc_info=error)
            content, headers = b"", {_ERROR: "internal error"}
        with suppress(nats.errors.Error):
            await message._client.publish(message.reply, content, headers=headers)

    return reply
