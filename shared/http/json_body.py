"""JSON bodies, read by orjson: fast, and strict about numbers, depth and UTF-8 (RFC 8259).

orjson refuses NaN, numbers that are infinite as a double, lone surrogates, and more than 1,024 levels. A name
twice in one object is refused, because parsers disagree on which value counts (section 4). So is a fraction
that is a whole number as a double (section 6). A byte order mark is skipped (section 8.1).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from fastapi import Request

from shared.errors import FieldError, InvalidInput, MalformedRequest, PayloadTooLarge
from shared.http.media_type import require_media_type

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_SMALL_BYTES = 4096  # it cannot hold enough values to matter
_MOST_VALUES = 5000
"""The largest legal body, 500 changes of a cart, has some 2,000. Each value can be an error of its own, so
more of them would block the event loop."""
_MOST_SIGNS = 200_000
"""Commas and opening brackets, also in texts. They bound the number of values before the body is parsed."""
_MOST_OTHER_COLONS = 60_000
"""In texts, or after a repeated name. All texts of a legal body hold fewer."""
_SHOWN = 64


async def read_json(request: Request, media_types: Sequence[str]) -> Any:
    """The request's body; None without one. Raises `UnsupportedMediaType`, `MalformedRequest`,
    `PayloadTooLarge` and `InvalidInput`."""
    require_media_type(request, media_types)
    raw = await request.body()
    return parse_json(raw) if raw else None


def parse_json(raw: bytes, what: str = "body") -> Any:
    """The value; `what` is its name in errors. Raises `MalformedRequest` for a text that is not JSON or has a
    name twice, `PayloadTooLarge` for too many values, `InvalidInput` for a fraction that a double rounds to a
    whole number."""
    if len(raw) > _SMALL_BYTES and sum(raw.count(sign) for sign in (b",", b"[", b"{")) > _MOST_SIGNS:
        raise _too_many_values(what)
    text = raw.removeprefix(BYTE_ORDER_MARK)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        reason = f"{error.msg} at character {error.pos}"
        raise MalformedRequest(f"The {what} is not valid JSON: {reason}. Correct it.") from error
    names, colons = _names(value, what), text.count(b":")
    if names != colons:
        if colons > names + _MOST_OTHER_COLONS:
            raise _too_many_values(what)
        _require_exact(text, what)
    return value


def _names(value: Any, what: str) -> int:
    """The number of names in the objects of the value, each with a colon after it; -1 if a whole number was
    written as a fraction. Raises `PayloadTooLarge` for too many values."""
    names = values = 0
    has_whole_fraction = False
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            names += len(each)
            values += len(each)
            pending += each.values() if values <= _MOST_VALUES else ()
        elif isinstance(each, list):
            values += len(each)
            pending += each if values <= _MOST_VALUES else ()
        elif isinstance(each, float) and each.is_integer():
            has_whole_fraction = True
        if values > _MOST_VALUES:
            raise _too_many_values(what)
    return -1 if has_whole_fraction else names


def _too_many_values(what: str) -> PayloadTooLarge:
    return PayloadTooLarge(f"The {what} has more than {_MOST_VALUES} values. Send less, or split it.")


def _require_exact(text: bytes, what: str) -> None:
    """Reads the text again, slowly, for errors that orjson ignores."""

    def check_names(members: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in members:
            if name in seen:
                raise MalformedRequest(
                    f'The {what} has the name "{name[:_SHOWN]}" twice in an object. Send it once.'
                )
            seen.add(name)

    def check_number(number: str) -> None:
        if float(number).is_integer() and not _is_whole(number):
            message = f"{number[:_SHOWN]} has too many digits. Send a whole number, or fewer digits."
            raise InvalidInput(
                f"The {what} has a number that cannot be read exactly. Send fewer digits.",
                errors=[FieldError("", message)],
            )

    try:
        json.loads(text, object_pairs_hook=check_names, parse_float=check_number, parse_int=len)
    except RecursionError as error:
        raise MalformedRequest(f"The {what} is nested too deeply. Send a flatter one.") from error


def _is_whole(number: str) -> bool:
    try:
        exact = Decimal(number)
    except InvalidOperation:  # its exponent has more than 18 digits
        return False
    return exact == exact.to_integral_value()
