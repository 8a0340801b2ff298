"""Limits of a replica's load: the number of requests in flight, and the memory of their large parts.

Small parts (FREE_BYTES of head and body, LARGE_ANSWER) are bounded by the number of requests. Larger parts
come from one budget. Past it a request is refused before more of it is read or sent. Health checks are never
refused.
"""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope, Send

from shared.bounded import ByteBudget
from shared.errors import Unavailable
from shared.settings import ServiceSettings

FREE_BYTES = 16_384
LARGE_ANSWER = 65_536
"""Bytes that a transport buffers before it asks to wait."""
_SEND_SECONDS = 60.0


class TooBusy(Unavailable):
    """The replica has reached its limits. Nothing was done."""

    code, title = "too-busy", "Too busy"


class Admission:
    """The requests in flight of this process, and the memory that they hold."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._most_requests = settings.http_requests_limit
        self._budget = ByteBudget(settings.http_held_bytes)
        self.in_flight = 0

    def check(self) -> None:
        """Raises `TooBusy` if too many requests are in flight. The present one is counted already."""
        if self.in_flight > self._most_requests:
            raise TooBusy(
                "Too many requests are in flight here (HTTP_REQUESTS_LIMIT). Nothing was done. Try again."
            )

    def reserve(self, size: int) -> int:
        """Takes so many bytes of the budget, and returns their number. Raises `TooBusy`."""
        if size and not self._budget.take(size):
            raise TooBusy("Too many large requests are in flight here (HTTP_HELD_BYTES). Try again.")
        return size

    def release(self, size: int) -> None:
        self._budget.give_back(size)


def large_answer(scope: Scope, start: Message) -> int:
    """The announced length of a large answer; 0 for other answers, and for a stream."""
    for name, value in start.get("headers", ()):
        if name == b"content-length":
            length = int(value)
            return length if length > LARGE_ANSWER and scope["method"] != "HEAD" else 0
    return 0


async def send_large(send: Send, message: Message) -> None:
    """Sends a whole body, and returns once the client has read nearly all of it. Until then the request
    counts as in flight, and its answer as held. Raises `ClientDisconnect` if the client does not read it."""
    await send({**message, "more_body": True})
    try:
        async with asyncio.timeout(_SEND_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError as error:
        raise ClientDisconnect from error
