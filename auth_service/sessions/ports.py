"""Ports of the use cases of sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from auth_service.sessions.model import Session
from shared.aggregates.ports import AnnouncingRepository


class SessionRepository(AnnouncingRepository[Session], Protocol):
    async def get_perhaps_outdated(self, id: str) -> Session | None:
        """The session, perhaps as it was before another replica's last write."""
        ...

    async def get_many(self, ids: Sequence[str]) -> list[Session | None]: ...

    async def remove_expired(self, before: datetime, batch: int) -> int:
        """Removes the sessions that expired before then, `batch` at a time, and returns their number."""
        ...
