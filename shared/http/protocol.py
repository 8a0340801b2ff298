"""Uvicorn's HTTP/1.1 with limits, and with problem documents as errors."""

from __future__ import annotations

import asyncio
import re
from http import HTTPMethod
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.errors import MalformedRequest, ShopError
from shared.http.problem import HeadTooLarge, MethodNotImplemented, encode_problem, problem_headers
from shared.ids import request_id_from

LONGEST_URL = 65_535
"""The most that is read of an address. `ServiceMiddleware`, whose limit is smaller, refuses a longer one."""
LARGEST_HEAD = 2 << 20
"""The gateway lets less through. `ServiceMiddleware` answers below this limit; past it the connection
ends."""
CLOSE_SECONDS = 5.0
"""How long a client may take to read the end of an answer, which stays in memory until then."""

_LONGEST_SHOWN = 2048
_METHODS = frozenset(HTTPMethod)
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (/[\x21-\x7e]*) HTTP/1\.[01]\r?\n")
_REQUEST_ID = re.compile(rb"\nx-request-id:[ \t]*([^\r\n]*)", re.IGNORECASE)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class ServiceProtocol(HttpToolsProtocol):
    """Limits the head of a request, and answers 400, 431 or 501 to an unreadable request.

    Characters outside ASCII in the request line are read as if they were percent-encoded. RFC 9112 forbids
    them, but curl sends them, and they can have no other meaning."""

    _is_between_messages = True
    _is_in_request_line = False
    _head_bytes = 0
    _refusal: ShopError | None = None
    _opening = b""

    # Narrower than asyncio's signature, as in the base class: a server can write to its transports.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, ServiceTransport(transport, self.loop)))

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if self._is_between_messages:
            self._opening = data
        if self._is_between_messages or self._is_in_request_line:
            data = self._encode_request_line(data)
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > LARGEST_HEAD:
            self._refuse(HeadTooLarge())

    def on_message_begin(self) -> None:
        self._is_between_messages = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self.url = (self.url + url)[:LONGEST_URL]

    def on_headers_complete(self) -> None:
        self._head_bytes, self._opening = 0, b""
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_between_messages, self._head_bytes = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (the base's signature)
        opening = _REQUEST_LINE.match(self._opening)
        if opening is None or opening[1].decode() in _METHODS:
            self._refuse(
                MalformedRequest("This is not an HTTP request (RFC 9112). Send one, such as: GET / HTTP/1.1")
            )
            return
        found = _REQUEST_ID.search(self._opening)
        if found is not None:
            self.headers = [(b"x-request-id", found[1])]
        self._refuse(MethodNotImplemented(opening[1].decode()), opening[2].partition(b"?")[0].decode())

    def _encode_request_line(self, data: bytes) -> bytes:
        end = data.find(b"\n") + 1
        self._is_in_request_line = end == 0
        if data.isascii():
            return data
        line, rest = (data[:end], data[end:]) if end else (data, b"")
        return _NOT_ASCII.sub(_percent_encoded, line) + rest

    def _refuse(self, problem: ShopError, path: str = "/") -> None:
        """Answers with the problem and closes the connection, because the start of the next request is
        unknown."""
        self._refusal = problem
        request_id = request_id_from(dict(self.headers or ()).get(b"x-request-id"))
        body = encode_problem(problem, path[:_LONGEST_SHOWN], request_id)
        headers = [*problem_headers(problem, body), (b"x-request-id", request_id.encode())]
        lines = [b"%b: %b\r\n" % header for header in [*headers, (b"connection", b"close")]]
        self.transport.write(b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body]))
        self.transport.close()


class ServiceTransport:
    """A transport that writes an answer's head with its body, and whose `close` ends the connection even if
    the client does not read the rest of the answer."""

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._close_seconds = close_seconds
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keeps an answer's head for its body, at most until the next turn of the event loop."""
        if self._held:
            self._flush(data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def _flush(self, data: bytes = b"") -> None:
        data, self._held = self._held + data, b""
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Ends the connection when the client has read everything, or after `close_seconds`."""
        self._flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(self._close_seconds, self._transport.abort)


def _percent_encoded(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
