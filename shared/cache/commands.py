"""Cache operations as Redis commands.

A stored value is its version in 20 decimal digits, then the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Any

from shared.cache.ports import Cached

SET_IF_NEWER = (files("shared.cache") / "set_if_newer.lua").read_bytes()
SET_IF_NEWER_SHA = sha1(SET_IF_NEWER, usedforsecurity=False).hexdigest()  # how Redis names a script

_DIGITS = 20
_MOST = 10**_DIGITS


@dataclass(frozen=True, slots=True)
class Get:
    """Answers the stored bytes, or None."""

    key: str


@dataclass(frozen=True, slots=True)
class SetIfNewer:
    """Raises ValueError for a version or a time to live that cannot be stored."""

    key: str
    version: int
    value: bytes
    ttl_seconds: int

    def __post_init__(self) -> None:
        if not 0 <= self.version < _MOST or self.ttl_seconds < 1:
            raise ValueError(f"not cacheable: version {self.version}, {self.ttl_seconds} s to live")


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """Answers the number of removed keys."""

    key: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Answers if the server works."""


Operation = Get | SetIfNewer | DeleteKey | Ping


def bytes_of(operation: Operation) -> int:
    """The bytes of the value that Redis stores."""
    return len(operation.value) if isinstance(operation, SetIfNewer) else 0


def command_of(operation: Operation, *, with_script: bool) -> tuple[Any, ...]:
    """The command. It names the script, or contains it if Redis does not know it yet (`with_script`)."""
    match operation:
        case Get(key):
            return "GET", key
        case DeleteKey(key):
            return "UNLINK", key
        case Ping():
            return ("PING",)
        case SetIfNewer(key, version, value, ttl_seconds):
            script = ("EVAL", SET_IF_NEWER) if with_script else ("EVALSHA", SET_IF_NEWER_SHA)
            return *script, 1, key, b"%0*d%b" % (_DIGITS, version, value), ttl_seconds


def read_cached(raw: Any) -> Cached | None:
    """The value that `Get` answered; None if there is none, or if no `SetIfNewer` wrote it."""
    if not isinstance(raw, bytes) or not raw[:_DIGITS].isdigit() or len(raw) < _DIGITS:
        return None
    return Cached(int(raw[:_DIGITS]), raw[_DIGITS:])
