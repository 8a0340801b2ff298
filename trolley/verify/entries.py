"""An entry of a bucket compared with its document, and how long the document's events have waited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson

from shared.clock import Clock, to_rfc3339
from shared.events.ports import Entry
from shared.store.ports import Json


def body_of(entry: Entry | None) -> dict[str, Any]:
    """The value of the entry; empty if the entry is missing or cannot be read."""
    try:
        body = orjson.loads(entry.value or b"") if entry is not None else {}
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def version_of(entry: Entry | None) -> int:
    """The version of the entry; -1 if the entry is missing or cannot be read."""
    version = body_of(entry).get("version")
    return version if isinstance(version, int) else -1


def disagreement(version: int, body: dict[str, Any], entry: Entry | None) -> str | None:
    """How the entry differs from the store, which has `body` at `version`; None if it does not."""
    if entry is None:
        return f"the store is at version {version} and there is no entry"
    found = version_of(entry)
    if found < 0:
        return f"the entry (revision {entry.revision}) cannot be read"
    if found != version:
        age = "older" if found < version else "newer"
        return f"the entry is of version {found}, {age} than the store's {version}"
    if body_of(entry) != body:
        return f"the entry differs from the store at version {version}"
    return None


def overdue_before(clock: Clock, seconds: float) -> str:
    """The time before which events are overdue."""
    return to_rfc3339(clock.now() - timedelta(seconds=seconds))


def is_under_way(pending: Sequence[Json], clock: Clock, seconds: float) -> bool:
    """Whether events wait and are not overdue: other parts of the shop do not know of the change yet."""
    return bool(pending) and pending[0]["time"] >= overdue_before(clock, seconds)
