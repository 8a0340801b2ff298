"""The grants of tickets, in NATS."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import orjson

from cart_service.live.ports import StreamGrant
from shared.clock import from_rfc3339, to_rfc3339
from shared.events.ports import Bucket, BucketConfig, EventBus, WrongRevision
from shared.security.identity import Identity, Role, Scope

STREAM_TICKETS = BucketConfig("stream_tickets", ttl_seconds=120)
"""SHA-256 of a ticket → its grant; empty after the grant was taken."""


class NatsStreamGrants:
    """`StreamGrants`. Taking a grant overwrites the revision that was read. The bucket lets only one of many
    callers do that. The ticket itself is stored nowhere."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._bucket: Bucket | None = None

    async def put(self, ticket: str, grant: StreamGrant, valid_until: datetime) -> None:
        bucket = await self._opened()
        await bucket.create(_key(ticket), orjson.dumps(_encode(grant, valid_until)))

    async def take(self, ticket: str) -> tuple[StreamGrant, datetime] | None:
        bucket = await self._opened()
        entry = await bucket.get(_key(ticket))
        if entry is None or not entry.value:
            return None
        try:
            await bucket.update(entry.key, b"", entry.revision)
        except WrongRevision:
            return None
        return _decode(orjson.loads(entry.value))

    async def _opened(self) -> Bucket:
        self._bucket = self._bucket or await self._bus.bucket(STREAM_TICKETS)
        return self._bucket


def _key(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def _encode(grant: StreamGrant, valid_until: datetime) -> dict[str, Any]:
    viewer = grant.viewer
    return {
        "owner": grant.owner,
        "user_id": viewer.user_id,
        "session_id": viewer.session_id,
        "role": viewer.role,
        "scopes": sorted(viewer.scopes),
        "expires_at": to_rfc3339(viewer.expires_at),
        "authenticated_at": to_rfc3339(viewer.authenticated_at),
        "valid_until": to_rfc3339(valid_until),
    }


def _decode(body: dict[str, Any]) -> tuple[StreamGrant, datetime]:
    viewer = Identity(
        body["user_id"],
        body["session_id"],
        Role(body["role"]),
        frozenset(Scope(scope) for scope in body["scopes"]),
        from_rfc3339(body["expires_at"]),
        from_rfc3339(body["authenticated_at"]),
    )
    return StreamGrant(body["owner"], viewer), from_rfc3339(body["valid_until"])
