"""The background task that removes expired sessions in every replica."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from auth_service.sessions.ports import SessionRepository
from shared.clock import Clock
from shared.errors import Unavailable
from shared.observability.logging import get_logger

_PAUSE_SECONDS = 600.0
_BATCH = 200
# An expired session has no use, except to explain to an operator why somebody was signed out.
_KEPT_AFTER_EXPIRY = timedelta(days=1)

_log = get_logger(__name__)


async def remove_expired_sessions(sessions: SessionRepository, clock: Clock) -> int:
    """Removes sessions that expired at least a day ago, and returns their number."""
    return await sessions.remove_expired(clock.now() - _KEPT_AFTER_EXPIRY, _BATCH)


async def sweep_sessions(sessions: SessionRepository, clock: Clock) -> None:
    """Removes expired sessions every ten minutes, without end."""
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await remove_expired_sessions(sessions, clock)
        except Unavailable as error:
            _log.info("expired sessions wait", reason=error.detail)
        except Exception as error:
            _log.error("expired sessions could not be removed", exc_info=error)
