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
    """Nothing when the entry is missing or cannot be read."""
    try:
        body = orjson.loads(entry.value or b"") if entry is not None else {}
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def version_of(entry: Entry | None) -> int:
    """-1 when the entry is missing or cannot be read."""
    version = body_of(entry).get("version")
    return version if isinstance(version, int) else -1


def disagreement(version: int, body: dict[str, Any], entry: Entry | None) -> str | None:
    """How the entry differs from what the store has: `body`, of `version`."""
    if entry is None:
        return f"the store is at version {version} and there is no entry"
    told = version_of(entry)
    if told < 0:
        return f"the entry (revision {entry.revision}) cannot be read"
    if told != version:
        age = "older" if told < version else "newer"
        return f"the entry is of version {told}, {age} than the store's {version}"
    if body_of(entry) != body:
        return f"the entry says something else of version {version}"
    return None


def overdue_before(clock: Clock, seconds: float) -> str:
    """The time before which events are overdue."""
    return to_rfc3339(clock.now() - timedelta(seconds=seconds))


def is_under_way(pending: Sequence[Json], clock: Clock, seconds: float) -> bool:
    """Whether events wait and are not overdue: other parts of the shop do not know of the change yet."""
    return bool(pending) and pending[0]["time"] >= overdue_before(clock, seconds)
