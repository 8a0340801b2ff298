"""One child process in its own group, so that all processes it starts end with it."""

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
"""Takes a process's name and one line that it wrote."""

_LINE_LIMIT = 1 << 20
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """What to start. The lines of a `quiet` one are only shown when it fails."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    quiet: bool = False


class ManagedProcess:
    """Starts a program, hands on its lines, and ends it with everything it started."""

    def __init__(self, program: Program, output: Output) -> None:
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
        """The exit status, once it has ended by itself."""
        return await self._started().wait()

    async def stop(self, grace_seconds: float) -> None:
        """Asks it to end, and kills it when it takes longer than `grace_seconds`."""
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
        """A signal to it and all that it started, if they still run."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    async def _ended(self) -> None:
        if self._process is None:
            return
        await self._process.wait()
        self.send(signal.SIGKILL)  # what is left of its group
        self._process = None
        if self._reader is not None:
            # However it failed, that must not keep others from being ended.
            await asyncio.gather(self._reader, return_exceptions=True)

    def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process

    async def _read(self, lines: asyncio.StreamReader | None) -> None:
        while lines is not None and (raw := await _line(lines)):
            line = raw.decode(errors="replace").rstrip()
            self.tail.append(line)
            if not self.program.quiet:
                self._output(self.name, line)


async def _line(lines: asyncio.StreamReader) -> bytes:
    """The next one, empty at the end; of a line without measure there is only a word."""
    try:
        return await lines.readline()
    except ValueError:  # the reader has thrown it away
        return b"(a line too long to show)\n"


def _end_with_parent() -> None:
    """In the child: ask Linux to end it should the parent be killed, so that nothing is left behind."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
