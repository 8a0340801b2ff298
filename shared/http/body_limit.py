"""Bounds the request's body, with an announced length or in chunks, as sent and as decoded; and the memory of
all bodies together.

The connection stays open after a refusal: the server discards the rest of the body, and the client can read
the answer. If the server closed it at once, most clients would only see a broken connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.types import Message, Receive, Scope

from shared.errors import PayloadTooLarge
from shared.http.admission import FREE_BYTES

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

_ATTRIBUTE = "body_limit_bytes"
_STREAMS = "body_streams"

Reserve = Callable[[int], None]


def body_limit(limit_bytes: int, *, streams: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Decorates an endpoint that takes a larger or smaller body than HTTP_BODY_LIMIT_BYTES. An endpoint that
    `streams` never holds much of the body."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, limit_bytes)
        setattr(endpoint, _STREAMS, streams)
        return endpoint

    return mark


class BodyLimit:
    """Counts the bytes that an endpoint reads. `receive` raises `PayloadTooLarge` past the endpoint's limit
    or the `default`, also if the `announced` length (0: none) is larger, and whatever `reserve` raises, which
    gets the number of bytes in memory."""

    __slots__ = ("_announced", "_default", "_read", "_receive", "_reserve", "_scope")

    def __init__(
        self, scope: Scope, receive: Receive, default: int, announced: int, reserve: Reserve
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._default = default
        self._announced = announced
        self._reserve = reserve
        self._read = 0

    async def receive(self) -> Message:
        limit: int = getattr(self._scope.get("endpoint"), _ATTRIBUTE, self._default)
        if self._read == 0 and self._announced > limit:
            raise _too_large(limit)
        message = await self._receive()
        size = len(message.get("body", b""))
        self._read += size
        if self._read > limit:
            raise _too_large(limit)
        if self._read > FREE_BYTES and not getattr(self._scope.get("endpoint"), _STREAMS, False):
            self._reserve(min(size, self._read - FREE_BYTES))
        return message


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {limit} bytes. Send less, or split it.")
