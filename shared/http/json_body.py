"""JSON bodies, read by orjson: fast, and strict about numbers, depth and UTF-8 (RFC 8259).

orjson refuses NaN, numbers that are infinite as a double, lone surrogates, and more than 1,024 levels. Of a
name that an object has twice the last value counts. A byte order mark is skipped (section 8.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import Request

from shared.errors import MalformedRequest, PayloadTooLarge
from shared.http.media_type import require_media_type

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_SMALL_BYTES = 4096  # it cannot hold enough values to matter
_MOST_VALUES = 5000
"""The largest legal body, 500 changes of a cart, has some 2,000. Each value can be an error of its own, so
that more of them would hold the event loop."""
_MOST_SIGNS = 200_000
"""Commas and opening brackets, also in texts: a bound on the values that is known before they are parsed."""


async def read_json(request: Request, media_types: Sequence[str]) -> Any:
    """The request's body; None without one. Raises `UnsupportedMediaType`, `MalformedRequest` and
    `PayloadTooLarge`."""
    require_media_type(request, media_types)
    raw = await request.body()
    return parse_json(raw) if raw else None


def parse_json(raw: bytes, what: str = "body") -> Any:
    """The value; `what` is its name in errors. Raises `MalformedRequest` for what is not JSON, and
    `PayloadTooLarge` for too many values."""
    if len(raw) > _SMALL_BYTES and sum(raw.count(sign) for sign in (b",", b"[", b"{")) > _MOST_SIGNS:
        raise _too_many_values(what)
    try:
        value = orjson.loads(raw.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as error:
        reason = f"{error.msg} at character {error.pos}"
        raise MalformedRequest(f"The {what} is not valid JSON: {reason}.") from error
    if len(raw) > _SMALL_BYTES:
        _check_count(value, what)
    return value


def _check_count(value: Any, what: str) -> None:
    count, pending = 0, [value]
    while pending:
        match pending.pop():
            case dict() as members:
                count += len(members)
                pending += members.values() if count <= _MOST_VALUES else ()
            case list() as items:
                count += len(items)
                pending += items if count <= _MOST_VALUES else ()
        if count > _MOST_VALUES:
            raise _too_many_values(what)


def _too_many_values(what: str) -> PayloadTooLarge:
    return PayloadTooLarge(f"The {what} holds more than {_MOST_VALUES} values. Send less, or split it.")
