"""Uvicorn's HTTP/1.1: the head and the body of an answer in one write, errors as problem documents."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.errors import MalformedRequest, ShopError
from shared.http.problem import TargetTooLong, encode_problem, problem_headers
from shared.ids import new_id

_LONGEST_TARGET = 65_535
"""What the parser of addresses takes."""


class JoiningProtocol(HttpToolsProtocol):
    """Uvicorn writes the head of an answer, then its body: two system calls, and two packets that wake the
    gateway twice. Here the head waits for what comes next, at most until the end of the event loop's turn."""

    # Narrower than asyncio's own signature, as in the base class: a server's transports can be written to.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, JoiningTransport(transport, self.loop)))

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP never reaches the application, and is told in the same form nevertheless."""
        error: ShopError = MalformedRequest(f"{msg} Percent-encode what the address holds beyond ASCII.")
        if len(getattr(self, "url", b"")) > _LONGEST_TARGET:
            error = TargetTooLong(f"The address is longer than {_LONGEST_TARGET} bytes.")
        request_id = new_id()
        body = encode_problem(error, "/", request_id)
        headers = [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
        lines = [name + b": " + value for name, value in (*problem_headers(error, body), *headers)]
        status = HTTPStatus(error.status)
        first = f"HTTP/1.1 {error.status} {status.phrase}".encode()
        self.transport.write(b"\r\n".join([first, *lines, b"", body]))
        self.transport.close()


class JoiningTransport:
    """The transport, but for `write`: of two in one turn it makes one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
            self._transport.write(data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self._transport.write(data)
