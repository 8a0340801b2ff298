"""What every replica does from time to time: looks for new signing keys, and removes sessions that
expired."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from auth_service.ports import Sessions
from auth_service.service.keys import KeyService
from shared.clock import Clock
from shared.errors import Unavailable
from shared.observability.logging import get_logger

_SWEEP_SECONDS = 600.0
_SWEEP_BATCH = 200
# An expired session is of no use; this only keeps it for somebody who wonders why they were signed out.
_KEPT_AFTER_EXPIRY = timedelta(days=1)

_log = get_logger(__name__)


async def refresh_keys(keys: KeyService) -> None:
    """Takes over what another replica or the operator did to the keys, and publishes what NATS may have
    lost."""
    await keys.load()
    await keys.publish()


async def sweep_sessions(sessions: Sessions, clock: Clock) -> int:
    """Removes sessions that expired a while ago; gives their number."""
    before, removed = clock.now() - _KEPT_AFTER_EXPIRY, 0
    while count := await sessions.remove_expired(before, _SWEEP_BATCH):
        removed += count
    return removed


@asynccontextmanager
async def upkeep(
    keys: KeyService, sessions: Sessions, clock: Clock, key_reload_seconds: float
) -> AsyncIterator[None]:
    """Runs both in the background."""
    tasks = [
        asyncio.create_task(_every(key_reload_seconds, lambda: refresh_keys(keys)), name="auth-keys"),
        asyncio.create_task(
            _every(_SWEEP_SECONDS, lambda: sweep_sessions(sessions, clock)), name="auth-sweep"
        ),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Unavailable as error:
            _log.info("upkeep waits", reason=error.detail)
        except Exception as error:
            _log.error("upkeep failed", exc_info=error)
