"""TCP ports of the loopback interface."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections import deque
from collections.abc import Sequence
from contextlib import closing, suppress

from trolley.invocation import make
from trolley.local.errors import LocalRunFailed

_PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections (Linux: from 32768), one of which might otherwise
take the port of a process that starts late, or that was killed and starts again."""

_MOST_MARKS = 200
_marks: deque[int] = deque()
"""Descriptors: a UDP socket for each port given last, as what will listen on it may not have started yet. It
tells every process that asks `free_port`, and does not disturb the listener: UDP has numbers of its own."""


def free_port(ports: Sequence[int] = _PORTS) -> int:
    """A port that nothing listens on, and that no process on this machine was given lately."""
    while True:
        port = random.choice(ports)
        mark = socket.socket(type=socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            with closing(socket.socket()) as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
            continue
        _marks.append(mark.detach())
        if len(_marks) > _MOST_MARKS:
            os.close(_marks.popleft())
        return port


def require_free(port: int, setting: str) -> None:
    """Raises `LocalRunFailed`, naming the setting that chooses the port, when something listens on it."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalRunFailed(
                f"Port {port} cannot be used ({error.strerror}). End what holds it, or choose another: "
                f"`{setting}={_next_free(port)} {make('run')}`, or {setting} in .env."
            ) from error


def _next_free(port: int) -> int:
    """The next port that everybody may use and nobody does."""
    for candidate in range(max(port + 1, 1024), 65_536):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", candidate))
            return candidate
    return free_port()


async def listens(port: int) -> bool:
    """Whether something accepts connections on the port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
