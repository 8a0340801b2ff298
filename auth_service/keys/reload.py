"""The background task that reads and publishes the signing keys in every replica."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from auth_service.keys.service import KeyService
from shared.errors import Unavailable
from shared.events.ports import EventBus
from shared.observability.logging import get_logger

_RETRY_SECONDS = 5.0

_log = get_logger(__name__)


async def reload_keys(keys: KeyService, bus: EventBus, seconds: float) -> None:
    """Reloads and publishes the keys every so many seconds, without end, and as soon as NATS is back. NATS
    may have lost the keys, and verifiers soon forget a key that NATS does not have."""
    pause = seconds
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await bus.reconnected()
        pause = seconds if await _is_reloaded(keys) else min(seconds, _RETRY_SECONDS)


async def _is_reloaded(keys: KeyService) -> bool:
    try:
        await _reload(keys)
    except Unavailable as error:
        _log.info("signing keys wait", reason=error.detail)
    except Exception as error:
        _log.error("signing keys could not be reloaded", exc_info=error)
    else:
        return True
    return False


async def _reload(keys: KeyService) -> None:
    """Reads the changes of other replicas and the operator. Publishes the keys, which NATS may have lost,
    even while the store is away."""
    try:
        await keys.load()
    finally:
        await keys.publish()
