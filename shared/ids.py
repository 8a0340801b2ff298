"""Identifiers: UUIDs of version 7 (RFC 9562, section 5.7), which sort by their time."""

from __future__ import annotations

import os
import re
import time

_REQUEST_ID = re.compile(rb"[\w.:+/=-]{1,128}")


def request_id_from(header: bytes | None) -> str:
    """The client's id of the request (`X-Request-Id`), or a new one if that cannot be used."""
    return header.decode() if header and _REQUEST_ID.fullmatch(header) else new_id()


def new_id() -> str:
    """A new identifier: 32 lower-case hexadecimal digits, of which the first 12 are milliseconds since
    1970."""
    millis = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10))
    value = (millis << 80) | (0x7 << 76) | (tail >> 68 << 64) | (0b10 << 62) | (tail & ((1 << 62) - 1))
    return f"{value:032x}"
