"""TCP ports of the loopback interface."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from collections.abc import Sequence
from contextlib import closing, suppress

from trolley.errors import LocalRunFailed
from trolley.invocation import make

_PORTS = range(20_000, 32_000)
"""Below the ports of outgoing connections (Linux: from 32768). Otherwise such a connection could take the
port of a process that starts late or again."""

_MOST_MARKS = 200
_marks: deque[socket.socket] = deque()
"""A UDP socket for each port returned last, because its server may not have started yet. Every process sees
it in `free_port`. It does not disturb the server, because UDP and TCP ports are separate."""


def free_port(ports: Sequence[int] = _PORTS) -> int:
    """A port without a listener that no process on this machine has got lately."""
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
        _marks.append(mark)
        if len(_marks) > _MOST_MARKS:
            _marks.popleft().close()
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
