"""What every replica does from time to time: looks for new signing keys, and removes sessions that
expired."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from auth_service.keys.service import KeyService
from auth_service.sessions.ports import SessionRepository
from shared.clock import Clock
from shared.errors import Unavailable
from shared.events.ports import EventBus
from shared.observability.logging import get_logger
from shared.tasks import cancel_all

_KEY_RETRY_SECONDS = 5.0
_SWEEP_SECONDS = 600.0
_SWEEP_BATCH = 200
# An expired session is of no use; this only keeps it for somebody who wonders why they were signed out.
_KEPT_AFTER_EXPIRY = timedelta(days=1)

_log = get_logger(__name__)


async def refresh_keys(keys: KeyService) -> None:
    """Takes over what another replica or the operator did to the keys, and publishes what NATS may have
    lost, also while the store is away."""
    try:
        await keys.load()
    finally:
        await keys.publish()


async def sweep_sessions(sessions: SessionRepository, clock: Clock) -> int:
    """Removes sessions that expired a while ago; gives their number."""
    return await sessions.remove_expired(clock.now() - _KEPT_AFTER_EXPIRY, _SWEEP_BATCH)


@asynccontextmanager
async def upkeep(
    keys: KeyService, sessions: SessionRepository, clock: Clock, bus: EventBus, key_reload_seconds: float
) -> AsyncIterator[None]:
    """Runs both in the background."""
    tasks = [
        asyncio.create_task(_keep_keys(keys, bus, key_reload_seconds), name="auth-keys"),
        asyncio.create_task(_sweep(sessions, clock), name="auth-sweep"),
    ]
    try:
        yield
    finally:
        await cancel_all(tasks)


async def _keep_keys(keys: KeyService, bus: EventBus, seconds: float) -> None:
    """Also as soon as NATS is back: it may have lost the keys, and verifiers soon forget what it does not
    have."""
    pause = seconds
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await bus.reconnected()
        done = await _attempt(lambda: refresh_keys(keys))
        pause = seconds if done else min(seconds, _KEY_RETRY_SECONDS)


async def _sweep(sessions: SessionRepository, clock: Clock) -> None:
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        await _attempt(lambda: sweep_sessions(sessions, clock))


async def _attempt(work: Callable[[], Awaitable[object]]) -> bool:
    try:
        await work()
    except Unavailable as error:
        _log.info("upkeep waits", reason=error.detail)
    except Exception as error:
        _log.error("upkeep failed", exc_info=error)
    else:
        return True
    return False
