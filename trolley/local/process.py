"""A child process in its own process group, so all processes that it starts end with it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Output = Callable[[str, str], None]
"""Gets the name of a process and one of its lines."""


def discard(_name: str, _line: str) -> None:
    """Ignores the output."""


_LINE_LIMIT = 1 << 20
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """A program to start. The lines of a `quiet` one are only shown if it fails."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    quiet: bool = False


class ManagedProcess:
    """Starts a program, passes its lines on, and ends it with all processes that it started."""

    def __init__(self, program: Program, output: Output = discard) -> None:
        self.program = program
        self.tail: deque[str] = deque(maxlen=30)
        self._output = output
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        program = self.program
        self.tail.clear()
        self._process = await asyncio.create_subprocess_exec(
            *program.command,
            env=dict(program.environment),
            cwd=program.directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LINE_LIMIT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        self._reader = asyncio.create_task(self._read(self._process.stdout))

    async def wait(self) -> int:
        """Waits for the end of the process. Returns the exit status."""
        return await self._started().wait()

    async def stop(self, grace_seconds: float) -> None:
        """Asks it to end, and kills it if that takes longer than `grace_seconds`."""
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._ended(), grace_seconds)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Ends it at once, as a crash would."""
        self.send(signal.SIGKILL)
        await self._ended()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to it and to all processes that it started, if they still run."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    async def _ended(self) -> None:
        if self._process is None:
            return
        await self._process.wait()
        self.send(signal.SIGKILL)  # the rest of its group
        self._process = None
        if self._reader is not None:
            # Its failure must not stop the end of other processes.
            await asyncio.gather(self._reader, return_exceptions=True)

    def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process

    async def _read(self, lines: asyncio.StreamReader | None) -> None:
        while lines is not None and (raw := await _line(lines)):
            line = raw.decode(errors="replace").rstrip()
            self.tail.append(line)
            if not self.program.quiet:
                self._output(self.name, line)


async def _line(lines: asyncio.StreamReader) -> bytes:
    """The next line, empty at the end. A note replaces a line that is too long."""
    try:
        return await lines.readline()
    except ValueError:  # the reader has dropped it
        return b"(a line too long to show)\n"


def _end_with_parent() -> None:
    """In the child: asks Linux to kill it if the parent is killed. What it writes is for this user alone."""
    os.umask(0o077)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
