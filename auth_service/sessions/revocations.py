"""Delivery of auth's events: first the revocations of their sessions, then the events themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import orjson

from auth_service.sessions.model import Session
from auth_service.sessions.ports import SessionRepository
from shared.aggregates.change import Change
from shared.clock import to_rfc3339
from shared.events.envelope import Event
from shared.events.ports import Bucket, BucketConfig, EventBus
from shared.security.identity import Role


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
        sessions: SessionRepository | None = None,
    ) -> None:
        """With `sessions`, the documents of the sessions end too: for events of accounts, whose one write
        ended them all."""
        self._bus = bus
        self._publish = publish
        self._config = config
        self._end = end
        self._sessions = sessions
        self._bucket: Bucket | None = None

    async def __call__(self, _document_id: str, events: Sequence[Event]) -> None:
        for event in events:
            await self._revoke(event)
            if self._sessions is not None:
                await _end_documents(self._sessions, event)
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


async def _end_documents(sessions: SessionRepository, event: Event) -> None:
    """Takes the devices and digests out of the sessions' documents. A sign-in may not have written its
    session yet, so that one is written as ended."""

    def end(session_id: str) -> Callable[[Session | None], Change[Session, None]]:
        now = event.time
        unknown = Session(session_id, event.entity_id, Role.CUSTOMER, "", now, now, now, now)

        def change(session: Session | None) -> Change[Session, None]:
            present = session or unknown
            return Change(None if present.ended_at else present.end(now), None)

        return change

    session_ids = event.data.get("session_ids", ())
    await asyncio.gather(*(sessions.update(session_id, end(session_id)) for session_id in session_ids))
