"""`trolley run`: a supervised stack in the foreground, until it is interrupted."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from trolley.local.reload import restart_on_change
from trolley.local.stack import LocalStack


class Interrupts:
    """Ctrl-C and SIGTERM: the first asks for an orderly end, the second for an immediate one."""

    def __init__(self) -> None:
        self.orderly = asyncio.Event()
        self.immediate = asyncio.Event()

    def install(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._receive)

    def _receive(self) -> None:
        (self.immediate if self.orderly.is_set() else self.orderly).set()


async def run_until_interrupted(
    stack: LocalStack, when_ready: Callable[[], Awaitable[None]], say: Callable[[str], None], *, reload: bool
) -> None:
    """Starts the stack, calls `when_ready`, and serves until interrupted. Raises `LocalRunFailed`."""
    interrupts = Interrupts()
    interrupts.install()
    if not await _finished_before(interrupts.orderly, stack.start()):
        return
    try:
        await _finished_before(interrupts.orderly, _serve(stack, when_ready, say, reload=reload))
    finally:
        say("Ending; Ctrl-C again ends it at once.")
        if not await _finished_before(interrupts.immediate, stack.stop()):
            await stack.stop(force=True)
        say("Ended. The data is kept for the next run.")


async def _serve(
    stack: LocalStack, when_ready: Callable[[], Awaitable[None]], say: Callable[[str], None], *, reload: bool
) -> None:
    await when_ready()
    if reload:
        await restart_on_change(stack, say)
    await asyncio.Event().wait()


async def _finished_before(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Runs `work` unless the event comes first, which cancels it. Raises what `work` raises."""
    task, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    await asyncio.wait({task})
    return False
