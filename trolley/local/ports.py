"""TCP ports of the loopback interface."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing

from trolley.local.errors import LocalRunFailed


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(port: int, setting: str) -> None:
    """Raises `LocalRunFailed`, naming the setting that chooses the port, when something listens on it."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalRunFailed(
                f"Port {port} cannot be used ({error.strerror}). End what holds it, or choose another: "
                f"{setting}={port + 1} in the environment or in .env."
            ) from error


async def listens(port: int) -> bool:
    """Whether something accepts connections on the port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
