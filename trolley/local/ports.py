"""TCP ports of the loopback interface."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from contextlib import closing, suppress

from trolley.errors import LocalRunFailed
from trolley.invocation import make

_PORTS = range(20_000, 32_000)
"""Below the ports of outgoing connections (Linux: from 32768). Otherwise such a connection could take the
port of a process that starts late or again."""

_recent: deque[int] = deque(maxlen=1000)
"""The ports that this process gave last. Their servers may not have started yet."""


def free_port() -> int:
    """A port that nothing listens on, and that this process did not give lately."""
    while True:
        port = random.choice(_PORTS)
        if port in _recent:
            continue
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _recent.append(port)
            return port


def require_free(port: int, setting: str) -> None:
    """Raises `LocalRunFailed`, which names the setting of the port, if something listens on it."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalRunFailed(
                f"Port {port} cannot be used ({error.strerror}). End the program that uses it, or "
                f"choose another one: `{setting}={_next_free(port)} {make('run')}`, or {setting} in .env."
            ) from error


def _next_free(port: int) -> int:
    """The next free port that needs no privileges."""
    for candidate in range(max(port + 1, 1024), 65_536):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", candidate))
            return candidate
    return free_port()


async def listens(port: int) -> bool:
    """Whether a program accepts connections on the port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
