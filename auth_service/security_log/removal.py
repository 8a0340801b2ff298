"""The background task that removes old security logs in every replica."""

from __future__ import annotations

import asyncio

from auth_service.security_log.model import KEPT_FOR
from auth_service.security_log.ports import SecurityLogRepository
from shared.clock import Clock
from shared.errors import Unavailable
from shared.observability.logging import get_logger

_PAUSE_SECONDS = 3600.0
_BATCH = 200

_log = get_logger(__name__)


async def remove_old_logs(logs: SecurityLogRepository, clock: Clock) -> int:
    """Removes logs whose newest entry is 180 days old, at most 200, and returns their number."""
    return await logs.remove_unchanged(clock.now() - KEPT_FOR, _BATCH)


async def sweep_security_logs(logs: SecurityLogRepository, clock: Clock) -> None:
    """Removes old logs every hour, without end."""
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await remove_old_logs(logs, clock)
        except Unavailable as error:
            _log.info("old security logs wait", reason=error.detail)
        except Exception as error:
            _log.error("old security logs could not be removed", exc_info=error)
