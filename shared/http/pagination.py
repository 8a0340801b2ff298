"""Cursors of lists. A client cannot read one, and can use it only for the next page of the same list."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any, cast

import orjson
from fastapi import Depends, Request
from pydantic import SecretStr

from shared.aggregates.ports import ListPage
from shared.errors import FieldError, InvalidInput

_SIGNATURE_BYTES = 16
_LONGEST = 4096


class CursorCodec:
    """Signs the end of a page (HMAC-SHA256, 128 bits), so nobody can forge a cursor.

    `query` names the list with its filter and order. A cursor of another list is refused.
    """

    def __init__(self, secret: SecretStr) -> None:
        self._key = sha256(b"cursor:" + secret.get_secret_value().encode()).digest()

    def encode(self, position: Any, query: str = "") -> str | None:
        """The cursor for a position (any JSON value); None for None, the end of the last page."""
        if position is None:
            return None
        body = orjson.dumps(position)
        return urlsafe_b64encode(self._sign(body, query) + body).rstrip(b"=").decode()

    def decode(self, cursor: str | None, query: str = "") -> Any:
        """The position; None for None, the beginning of the first page. Raises `InvalidInput` for a cursor
        that `encode` did not make."""
        if cursor is None:
            return None
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


def page_json(items: Sequence[Any], page: ListPage[Any], next_cursor: str | None) -> dict[str, Any]:
    """The body of a `Page` with these rendered items."""
    return {
        "items": items,
        "total": page.total,
        "total_is_exact": page.total_is_exact,
        "next_cursor": next_cursor,
    }


async def cursors(request: Request) -> CursorCodec:
    return cast(CursorCodec, request.scope["app"].state.runtime.cursors)


CursorsDep = Annotated[CursorCodec, Depends(cursors)]
