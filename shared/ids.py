"""Identifiers: UUIDs of version 7 (RFC 9562, section 5.7), which sort by the time they were made."""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """A fresh identifier: 32 lower-case hexadecimal digits, the first 12 of them milliseconds since 1970."""
    millis = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10))
    value = (millis << 80) | (0x7 << 76) | (tail >> 68 << 64) | (0b10 << 62) | (tail & ((1 << 62) - 1))
    return f"{value:032x}"
