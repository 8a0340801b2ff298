"""Bounds the request's body, whether its length is announced or it comes in chunks, as sent and as decoded;
and what all bodies hold together.

The connection stays open after the refusal: the server throws the rest of the body away, and the client can
read the answer. Closed at once, most clients would only see a broken connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.types import Message, Receive, Scope

from shared.errors import PayloadTooLarge
from shared.http.admission import FREE_BYTES
from shared.http.content_coding import GzipBody

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

_ATTRIBUTE = "body_limit_bytes"
_STREAMS = "body_streams"

Hold = Callable[[int], None]


def body_limit(limit_bytes: int, *, streams: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Decorates an endpoint that takes a larger (or smaller) body than HTTP_BODY_LIMIT_BYTES. One that
    `streams` never holds much of it."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, limit_bytes)
        setattr(endpoint, _STREAMS, streams)
        return endpoint

    return mark


def limited_body(scope: Scope, receive: Receive, default: int, hold: Hold) -> Receive:
    """Reads the body within its limit. Reading raises `PayloadTooLarge`, and what `hold` raises, which is
    told of the bytes that are held."""
    return BodyLimit(scope, receive, default, hold).receive


def decoded_body(scope: Scope, receive: Receive, default: int, hold: Hold) -> Receive:
    """Decodes a body of gzip. What it inflates to has the same limit as what is sent."""
    return BodyLimit(scope, GzipBody(receive).receive, default, hold).receive


def _announced(scope: Scope) -> int | None:
    """What `Content-Length` says; None where it says nothing."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return None


class BodyLimit:
    """Counts what an endpoint reads. The endpoint is known by then, so its own limit counts."""

    __slots__ = ("_default", "_hold", "_read", "_receive", "_scope")

    def __init__(self, scope: Scope, receive: Receive, default: int, hold: Hold) -> None:
        self._scope = scope
        self._receive = receive
        self._default = default
        self._hold = hold
        self._read = 0

    async def receive(self) -> Message:
        limit: int = getattr(self._scope.get("endpoint"), _ATTRIBUTE, self._default)
        if self._read == 0 and (_announced(self._scope) or 0) > limit:
            raise _too_large(limit)
        message = await self._receive()
        size = len(message.get("body", b""))
        self._read += size
        if self._read > limit:
            raise _too_large(limit)
        if self._read > FREE_BYTES and not getattr(self._scope.get("endpoint"), _STREAMS, False):
            self._hold(min(size, self._read - FREE_BYTES))
        return message


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {limit} bytes. Send less, or split it.")
