"""Buckets that mirror entities: the newest version wins, in any order of arrival."""

from __future__ import annotations

import asyncio

import orjson

from shared.backoff import backoff
from shared.events.ports import Bucket, BusUnavailable, Entry, WrongRevision

_ATTEMPTS = 20


async def put_if_newer(bucket: Bucket, key: str, value: bytes, version: int) -> bool:
    """Writes the entity's value unless the bucket holds that version, or a greater one; says whether it
    wrote.

    `value` is a JSON object whose `version` is `version`. A value there that has no version counts as oldest.
    Raises `BusUnavailable`, also when other writers win for too long; repeating it is harmless.
    """
    delays = backoff(0.002, 0.1)
    for _ in range(_ATTEMPTS):
        present = await bucket.get(key)
        if present is not None and _version_of(present) >= version:
            return False
        try:
            if present is None:
                await bucket.create(key, value)
            else:
                await bucket.update(key, value, present.revision)
        except WrongRevision:
            await asyncio.sleep(next(delays))
        else:
            return True
    raise BusUnavailable(f"too many writers of {key}")


def _version_of(entry: Entry) -> int:
    try:
        return int(orjson.loads(entry.value or b"")["version"])
    except (ValueError, TypeError, KeyError, IndexError):
        return -1
