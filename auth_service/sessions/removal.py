"""Every replica removes expired sessions from time to time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from auth_service.sessions.ports import SessionRepository
from shared.clock import Clock
from shared.errors import Unavailable
from shared.observability.logging import get_logger

_PAUSE_SECONDS = 600.0
_BATCH = 200
# An expired session is of no use; this only keeps it for somebody who wonders why they were signed out.
_KEPT_AFTER_EXPIRY = timedelta(days=1)

_log = get_logger(__name__)


async def remove_expired_sessions(sessions: SessionRepository, clock: Clock) -> int:
    """Removes sessions that expired a while ago; returns their number."""
    return await sessions.remove_expired(clock.now() - _KEPT_AFTER_EXPIRY, _BATCH)


async def sweep_sessions(sessions: SessionRepository, clock: Clock) -> None:
    """Does so again and again, without end."""
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await remove_expired_sessions(sessions, clock)
        except Unavailable as error:
            _log.info("expired sessions wait", reason=error.detail)
        except Exception as error:
            _log.error("expired sessions could not be removed", exc_info=error)
