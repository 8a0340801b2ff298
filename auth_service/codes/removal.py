"""The background task that removes expired codes, requests for codes and sent notices, in every replica."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.clock import Clock
from shared.errors import Unavailable
from shared.observability.logging import get_logger

_PAUSE_SECONDS = 300.0
_BATCH = 200

_log = get_logger(__name__)


class ExpiringRepository(Protocol):
    async def remove_expired(self, before: datetime, batch: int) -> int:
        """Removes what expired before then, `batch` at a time, and returns the number."""
        ...


async def remove_expired_codes(repositories: Sequence[ExpiringRepository], clock: Clock) -> int:
    """Removes what has expired, and returns the number."""
    return sum([await repository.remove_expired(clock.now(), _BATCH) for repository in repositories])


async def sweep_codes(repositories: Sequence[ExpiringRepository], clock: Clock) -> None:
    """Removes what has expired every five minutes, without end."""
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await remove_expired_codes(repositories, clock)
        except Unavailable as error:
            _log.info("expired codes wait", reason=error.detail)
        except Exception as error:
            _log.error("expired codes could not be removed", exc_info=error)
