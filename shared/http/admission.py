"""How much a replica takes on at a time: requests under way, and the memory of what is large in them.

What is small (FREE_BYTES of head and body, LARGE_ANSWER) is bounded by the number of requests. What is larger
is held from one budget, and past it a request is refused before more of it is read or sent. Health checks
are never refused.
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
"""What a transport takes before it asks to wait."""
_TAKE_SECONDS = 60.0


class TooBusy(Unavailable):
    """The replica has as much to do as it can hold. Nothing was begun."""

    code, title = "too-busy", "Too busy"


class Admission:
    """What all requests of the process hold together."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._most_requests = settings.http_requests_limit
        self._budget = ByteBudget(settings.http_held_bytes)
        self.in_flight = 0

    def check(self) -> None:
        """Raises `TooBusy` for a request more than are allowed; it is counted already."""
        if self.in_flight > self._most_requests:
            raise TooBusy(
                "Too many requests are under way here (HTTP_REQUESTS_LIMIT). Nothing was done; try again."
            )

    def hold(self, size: int) -> int:
        """Gives the size. Raises `TooBusy`."""
        if size and not self._budget.take(size):
            raise TooBusy("Too many large requests are under way here (HTTP_HELD_BYTES). Try again.")
        return size

    def release(self, size: int) -> None:
        self._budget.give_back(size)


def large_answer(scope: Scope, start: Message) -> int:
    """The announced length of a large answer; 0 for others, and for one that streams."""
    for name, value in start.get("headers", ()):
        if name == b"content-length":
            length = int(value)
            return length if length > LARGE_ANSWER and scope["method"] != "HEAD" else 0
    return 0


async def send_large(send: Send, message: Message) -> None:
    """Sends a whole body, and returns once the client has taken nearly all of it. Until then the request is
    under way and its answer is held. Raises `ClientDisconnect` for a client that does not take it."""
    await send({**message, "more_body": True})
    try:
        async with asyncio.timeout(_TAKE_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError as error:
        raise ClientDisconnect from error
