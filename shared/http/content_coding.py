"""Content codings (RFC 9110, section 8.4): request bodies in gzip are decoded, other codings are refused.

The gateway compresses answers, with gzip alone.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Sequence

from starlette.types import Message, Receive

from shared.errors import MalformedRequest, UnsupportedMediaType

_NONE = {"", "identity"}
_GZIP_FORMAT = 31  # zlib's number for a gzip header and the largest window
_NO_WEIGHT = re.compile(rb"q\s*=\s*0(\.0*)?\s*$", re.IGNORECASE)
_FORWARDED, _ASKED_BY_GATEWAY = b"x-forwarded-for", (b"accept-encoding", b"gzip")
_TAKEN_BYTES = 16_384
_GIVEN_BYTES = 65_536


def is_gzip(content_encoding: str) -> bool:
    """Whether the body has to be decoded. Raises `UnsupportedMediaType` for another coding, and for
    several."""
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    match [coding for coding in codings if coding not in _NONE]:
        case []:
            return False
        case ["gzip" | "x-gzip"]:
            return True
    raise UnsupportedMediaType(
        "Send the body as it is, or with `Content-Encoding: gzip`.", headers={"Accept-Encoding": "gzip"}
    )


def accepts_gzip(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the gateway compresses a long answer to this request: the client names `gzip` with a weight
    above 0 (RFC 9110, 12.5.3). The gateway ignores `*` and `GZIP`.

    If the client sends no Accept-Encoding, or an empty one, the gateway asks for gzip itself. Go's transport
    writes that header last, and all others in alphabetical order.
    """
    given = [value for name, value in headers if name == b"accept-encoding"]
    if given and headers[-1] == _ASKED_BY_GATEWAY and any(name == _FORWARDED for name, _ in headers):
        given.pop()
    return any(
        coding.strip() == b"gzip" and not _NO_WEIGHT.search(parameters)
        for line in given
        for coding, _, parameters in (each.partition(b";") for each in line.split(b","))
    )


class GzipBody:
    """Decodes a request's body while it is read. It holds one piece of the body at a time, and lets the event
    loop run after each piece. So a body that inflates a thousandfold costs only what its reader takes.

    Raises `MalformedRequest` for a body that is not gzip, or ends too early.
    """

    __slots__ = ("_begun", "_compressed", "_full", "_inflater", "_last", "_position", "_receive")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._inflater = zlib.decompressobj(_GZIP_FORMAT)
        self._compressed = b""
        self._position = 0
        self._last = False
        self._begun = False
        self._full = False
        """Whether the last piece filled its buffer, so more of it may follow."""

    async def receive(self) -> Message:
        while True:
            if self._is_open:
                await asyncio.sleep(0)
            else:
                message = await self._receive()  # after the last piece: the disconnect
                if message["type"] != "http.request":
                    return message
                self._compressed, self._position = message.get("body", b""), 0
                self._last = not message.get("more_body", False)
            piece = self._inflate()
            more = self._is_open or not self._last
            if piece or not more:
                return {"type": "http.request", "body": piece, "more_body": more}

    @property
    def _is_open(self) -> bool:
        return self._full or self._position < len(self._compressed)

    def _inflate(self) -> bytes:
        end = min(self._position + _TAKEN_BYTES, len(self._compressed))
        pieces = [self._step(end)]
        while not self._full and self._position < end:  # a file may have many members (RFC 1952, section 2.2)
            pieces.append(self._step(end))
        if self._last and self._begun and not self._is_open and not self._inflater.eof:
            raise MalformedRequest("The body ends in the middle of its gzip data. Send the whole body.")
        return b"".join(pieces)

    def _step(self, end: int) -> bytes:
        """The decoded bytes of one member, up to `end`."""
        taken = self._compressed[self._position : end]
        self._begun = self._begun or bool(taken)
        if self._inflater.eof and taken:
            self._inflater = zlib.decompressobj(_GZIP_FORMAT)
        try:
            piece = self._inflater.decompress(taken, _GIVEN_BYTES)
        except zlib.error as error:
            raise MalformedRequest(
                "The body is not gzip, but Content-Encoding says so. Compress it, or drop the header."
            ) from error
        left = len(self._inflater.unconsumed_tail) + len(self._inflater.unused_data)
        self._position += len(taken) - left
        self._full = len(piece) == _GIVEN_BYTES and not self._inflater.eof
        return piece
