"""What tickets for live carts stand for, in memory."""

from __future__ import annotations

from datetime import datetime

from cart_service.live.ports import StreamGrant


class MemoryGrants:
    """`StreamGrants` of one process."""

    def __init__(self) -> None:
        self._grants: dict[str, tuple[StreamGrant, datetime]] = {}

    async def put(self, ticket: str, grant: StreamGrant, valid_until: datetime) -> None:
        self._grants[ticket] = grant, valid_until

    async def take(self, ticket: str) -> tuple[StreamGrant, datetime] | None:
        return self._grants.pop(ticket, None)
