"""What an entry of a bucket says."""

from __future__ import annotations

from typing import Any

import orjson

from shared.events.ports import Entry


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
