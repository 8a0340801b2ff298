"""Starts crashed processes again, with growing delays."""

from __future__ import annotations

import asyncio
import time

from trolley.local.process import ManagedProcess, Output

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 15.0
_STEADY_SECONDS = 30.0


class Supervisor:
    """Watches processes. Call `dismiss` before you end one on purpose."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._watches: dict[ManagedProcess, asyncio.Task[None]] = {}

    def watch(self, process: ManagedProcess) -> None:
        self._watches[process] = asyncio.create_task(self._keep_running(process))

    async def dismiss(self, process: ManagedProcess) -> None:
        task = self._watches.pop(process, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        for process in list(self._watches):
            await self.dismiss(process)

    async def _keep_running(self, process: ManagedProcess) -> None:
        delay = _FIRST_DELAY
        while True:
            started = time.monotonic()
            status = await process.wait()
            await process.kill()  # the processes that it started must not outlive it
            if time.monotonic() - started > _STEADY_SECONDS:
                delay = _FIRST_DELAY
            self._output(process.name, f"ended with status {status}; starting it again in {delay:g} s")
            delay = await self._start(process, delay)

    async def _start(self, process: ManagedProcess, delay: float) -> float:
        """Tries until it starts. Returns the delay for the next time."""
        while True:
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)
            try:
                await process.start()
            except OSError as error:
                self._output(process.name, f"cannot be started ({error}); trying again in {delay:g} s")
            else:
                return delay
