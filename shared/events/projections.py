"""Buckets that mirror entities: the newest version wins, in any order of arrival."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson

from shared.backoff import backoff
from shared.events.envelope import Event
from shared.events.ports import Bucket, BusUnavailable, Entry, EventBus, WrongRevision

_ATTEMPTS = 20


async def put_if_newer(bucket: Bucket, key: str, value: bytes, version: int) -> bool:
    """Writes the entity's value unless the bucket has that version or a greater one. Returns whether it
    wrote.

    `value` is a JSON object whose `version` is `version`. A present value without a version counts as the
    oldest. Raises `BusUnavailable`, also if other writers are faster for too long. A repeat is harmless.
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
    raise BusUnavailable(f"Too many writers of {key}. Try again shortly.")


def _version_of(entry: Entry) -> int:
    try:
        return int(orjson.loads(entry.value or b"")["version"])
    except (ValueError, TypeError, KeyError, IndexError):
        return -1


class EntryDelivery:
    """A `Deliver` of entities whose events contain the whole entry in `data`, with its `version`. They may be
    delivered in any order and repeatedly. The entry is written before the events are published, so a consumer
    finds the change in the bucket."""

    def __init__(self, bus: EventBus, bucket: Bucket) -> None:
        self._bus = bus
        self._bucket = bucket

    async def __call__(self, id: str, events: Sequence[Event]) -> None:
        newest = max(events, key=lambda event: event.version)
        await put_if_newer(self._bucket, id, orjson.dumps(newest.data), newest.version)
        for event in events:
            await self._bus.publish(event)
