"""Keys and entries of buckets as messages of a stream (NATS ADR-8)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.events.ports import Entry

OPERATION = "KV-Operation"
DELETED = "DEL"

_MARKER = "Nats-Marker-Reason"  # put by the server where a key disappeared for its age
_KEY = re.compile(r"[-/_=.a-zA-Z0-9]+")


def is_key(text: str) -> bool:
    """Whether a bucket can hold this key."""
    return _KEY.fullmatch(text) is not None and text[0] != "." and text[-1] != "." and ".." not in text


def read_entry(key: str, revision: int, data: bytes, headers: Mapping[str, str] | None) -> Entry:
    """The entry that a message carries."""
    gone = headers is not None and (OPERATION in headers or _MARKER in headers)
    return Entry(key, revision, None if gone else data)


def parse_headers(raw: bytes) -> dict[str, str]:
    """The header block of a stored message: a line with the version, then `Name: value` lines."""
    lines = raw.decode(errors="replace").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip(): value.strip() for name, _, value in pairs}
