"""The gateway's access log in the local run: it is there for a look, and never grows large."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from trolley.local.process import ManagedProcess

ACCESS_LOG = "access.log"
ACCESS_LOG_BYTES = 8 << 20
_LOOK_SECONDS = 1.0


def make_way(directory: Path) -> bool:
    """Puts a long log aside, in the place of the one before. Traefik goes on writing to that one until it is
    told by SIGUSR1; it opens the new one then."""
    log = directory / ACCESS_LOG
    if not log.exists() or log.stat().st_size <= ACCESS_LOG_BYTES:
        return False
    log.replace(log.with_suffix(".old.log"))
    return True


async def keep_bounded(directory: Path, gateway: ManagedProcess) -> None:
    """Looks once a second, without end. There are two logs of `ACCESS_LOG_BYTES` at most, and what is written
    in that second."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        with suppress(OSError):  # the next look may find a disk with room
            if make_way(directory):
                gateway.send(signal.SIGUSR1)
