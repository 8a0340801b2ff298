"""Delivery of auth's events: the revocations they stand for, then the facts themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson

from shared.clock import to_rfc3339
from shared.events.envelope import Event
from shared.events.ports import Bucket, BucketConfig, EventBus


class RevokingDelivery:
    """Revokes the sessions that an event names, in the bucket that every service watches, before
    publishing it."""

    def __init__(self, bus: EventBus, config: BucketConfig) -> None:
        self._bus = bus
        self._config = config
        self._bucket: Bucket | None = None

    async def __call__(self, _document_id: str, events: Sequence[Event]) -> None:
        for event in events:
            await self._revoke(event)
            await self._bus.publish(event)

    async def _revoke(self, event: Event) -> None:
        bucket, value = await self._opened(), orjson.dumps({"revoked_at": to_rfc3339(event.time)})
        await asyncio.gather(*(bucket.put(id, value) for id in event.data.get("session_ids", ())))

    async def _opened(self) -> Bucket:
        self._bucket = self._bucket or await self._bus.bucket(self._config)
        return self._bucket
