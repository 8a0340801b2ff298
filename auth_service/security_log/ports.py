"""Ports of the security log. Every operation raises `StoreUnavailable`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from auth_service.security_log.model import SecurityLog
from shared.aggregates.ports import Repository


class SecurityLogRepository(Repository[SecurityLog], Protocol):
    async def remove_unchanged(self, since: datetime, batch: int) -> int:
        """Removes the logs without a change since then, and returns their number."""
        ...
