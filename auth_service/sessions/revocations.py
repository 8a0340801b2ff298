"""Delivery of auth's events: the revocations they stand for, then the facts themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import orjson

from shared.clock import to_rfc3339
from shared.events.envelope import Event
from shared.events.ports import Bucket, BucketConfig, EventBus


class RevokingDelivery:
    """Revokes the sessions that an event names, in the bucket that every service watches, before
    publishing it. `end` is told of each even before that: the replica that answers a logout refuses the
    tokens from then on, also when its own watch is a moment late, or NATS away."""

    def __init__(self, bus: EventBus, config: BucketConfig, end: Callable[[str, datetime], None]) -> None:
        self._bus = bus
        self._config = config
        self._end = end
        self._bucket: Bucket | None = None

    async def __call__(self, _document_id: str, events: Sequence[Event]) -> None:
        for event in events:
            await self._revoke(event)
            await self._bus.publish(event)

    async def _revoke(self, event: Event) -> None:
        # Whatever its class: what an event names is revoked, also if the rest of it cannot be read.
        session_ids = event.data.get("session_ids", ())
        for session_id in session_ids:
            self._end(session_id, event.time)
        bucket, value = await self._opened(), orjson.dumps({"revoked_at": to_rfc3339(event.time)})
        await asyncio.gather(*(bucket.put(session_id, value) for session_id in session_ids))

    async def _opened(self) -> Bucket:
        self._bucket = self._bucket or await self._bus.bucket(self._config)
        return self._bucket
