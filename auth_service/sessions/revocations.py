"""Delivery of auth's events: first the revocations of their sessions, then the events themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import orjson

from shared.clock import to_rfc3339
from shared.events.envelope import Event
from shared.events.ports import Bucket, BucketConfig, EventBus


class RevokingDelivery:
    """Revokes the sessions that an event names, in the bucket that every service watches, and then publishes
    the event. It calls `end` for each session first, so the replica that answers a logout refuses the tokens
    even if its own watch is late or NATS is away."""

    def __init__(
        self,
        bus: EventBus,
        config: BucketConfig,
        end: Callable[[str, datetime], None],
        publish: Callable[[Event], Awaitable[None]],
    ) -> None:
        self._bus = bus
        self._publish = publish
        self._config = config
        self._end = end
        self._bucket: Bucket | None = None

    async def __call__(self, _document_id: str, events: Sequence[Event]) -> None:
        for event in events:
            await self._revoke(event)
            await self._publish(event)

    async def _revoke(self, event: Event) -> None:
        # This reads no event class, so a session is revoked even if the rest of the event is unreadable.
        session_ids = event.data.get("session_ids", ())
        for session_id in session_ids:
            self._end(session_id, event.time)
        bucket, value = await self._opened(), orjson.dumps({"revoked_at": to_rfc3339(event.time)})
        await asyncio.gather(*(bucket.put(session_id, value) for session_id in session_ids))

    async def _opened(self) -> Bucket:
        self._bucket = self._bucket or await self._bus.bucket(self._config)
        return self._bucket
