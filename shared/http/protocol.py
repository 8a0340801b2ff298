"""Uvicorn's HTTP/1.1 with limits, and with errors that are problem documents."""

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
"""What the parser takes. It cuts a longer one, and `ServiceMiddleware` refuses it: its limit is smaller."""
LARGEST_HEAD = 2 << 20
"""More than a gateway lets through. Below it `ServiceMiddleware` answers; past it the connection ends."""
LAST_WORD_SECONDS = 5.0
"""For a client to take the end of an answer. What it does not take stays in memory."""

_LONGEST_SHOWN = 2048
_METHODS = frozenset(HTTPMethod)
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (/[\x21-\x7e]*) HTTP/1\.[01]\r?\n")
_REQUEST_ID = re.compile(rb"\nx-request-id:[ \t]*([^\r\n]*)", re.IGNORECASE)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class ServiceProtocol(HttpToolsProtocol):
    """Limits the head of a request, and answers what cannot be read with 400, 431 or 501.

    Characters outside ASCII in the request line, which RFC 9112 forbids and curl sends, are read as if they
    were percent-encoded, since nobody can mean anything else by them."""

    _is_between_messages = True
    _is_in_request_line = False
    _head_bytes = 0
    _refusal: ShopError | None = None
    _opening = b""

    # Narrower than asyncio's own signature, as in the base class: a server's transports can be written to.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, ClosingTransport(transport, self.loop)))

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
            self._refuse(MalformedRequest("This is no HTTP request (RFC 9112)."))
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
        """Tells what is wrong, and closes the connection: where the next request begins is not known."""
        self._refusal = problem
        request_id = request_id_from(dict(self.headers or ()).get(b"x-request-id"))
        body = encode_problem(problem, path[:_LONGEST_SHOWN], request_id)
        headers = [*problem_headers(problem, body), (b"x-request-id", request_id.encode())]
        lines = [b"%b: %b\r\n" % header for header in [*headers, (b"connection", b"close")]]
        self.transport.write(b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body]))
        self.transport.close()


class ClosingTransport:
    """The transport, but for `close`: a client that does not take what was written loses it after a while."""

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        last_word_seconds: float = LAST_WORD_SECONDS,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._last_word_seconds = last_word_seconds
        self.write = transport.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        """Ends the connection once the client has what was written, or does not take it."""
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(self._last_word_seconds, self._transport.abort)


def _percent_encoded(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
