"""Cursors of lists: opaque, and useless for anything but the next page of the same list."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import orjson
from pydantic import SecretStr

from shared.errors import FieldError, InvalidInput

_SIGNATURE_BYTES = 16
_LONGEST = 4096


class CursorCodec:
    """Signs what a page ends with (HMAC-SHA256, 128 bits), so that nobody can make a cursor up.

    `query` names the list with its filter and order: a cursor of another one is refused.
    """

    def __init__(self, secret: SecretStr) -> None:
        self._key = sha256(b"cursor:" + secret.get_secret_value().encode()).digest()

    def encode(self, position: Any, query: str = "") -> str:
        """The cursor for a position (any JSON value)."""
        body = orjson.dumps(position)
        return urlsafe_b64encode(self._sign(body, query) + body).rstrip(b"=").decode()

    def decode(self, cursor: str, query: str = "") -> Any:
        """The position. Raises `InvalidInput` (`query:cursor`) for anything that `encode` did not make."""
        try:
            if len(cursor) > _LONGEST:
                raise ValueError("too long")
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except ValueError as error:
            raise _refused() from error
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body, query)):
            raise _refused()
        return orjson.loads(body)

    def _sign(self, body: bytes, query: str) -> bytes:
        named = query.encode()
        message = len(named).to_bytes(4, "big") + named + body
        return hmac.digest(self._key, message, "sha256")[:_SIGNATURE_BYTES]


def _refused() -> InvalidInput:
    message = "Use next_cursor of the last page, with the same filter and order."
    return InvalidInput("The cursor is not valid.", errors=[FieldError("query:cursor", message)])
