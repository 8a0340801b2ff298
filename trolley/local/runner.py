"""`trolley run`: a supervised stack in the foreground, until it is interrupted. It can restart services when
their code changes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from watchfiles import PythonFilter, awatch

from trolley.errors import LocalRunFailed
from trolley.invocation import REPOSITORY
from trolley.local.programs import MODULES
from trolley.local.stack import LocalStack


class Interrupts:
    """Ctrl-C and SIGTERM: the first one asks for an orderly end, the second one for an immediate end."""

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
        say("Ending. Press Ctrl-C again to end at once.")
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
    """Runs `work` until it ends or the event cancels it. Returns whether it ended. Raises what `work`
    raises."""
    task, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    await asyncio.wait({task})
    return False


class Restartable(Protocol):
    """The part of a `LocalStack` that `restart_on_change` needs."""

    @property
    def scale(self) -> Mapping[str, int]: ...

    def restart(self, service: str, index: int, /) -> Awaitable[None]: ...


async def changed_code() -> AsyncIterable[list[Path]]:
    """Yields the changed Python files of the services and of `shared`, without end."""
    folders = [REPOSITORY / name for name in (*MODULES.values(), "shared")]
    async for changes in awatch(*folders, watch_filter=PythonFilter()):
        yield [Path(path) for _, path in changes]


async def restart_on_change(
    stack: Restartable, say: Callable[[str], None], changes: AsyncIterable[Iterable[Path]] | None = None
) -> None:
    """Restarts the services that run the changed files, one replica after the other. If the new code does not
    start, it says so and waits for the next change; the other replicas keep their code."""
    async for paths in changes or changed_code():
        for service in services_of(paths):
            try:
                for index in range(stack.scale[service]):
                    await stack.restart(service, index)
            except LocalRunFailed as error:
                say(f"{error}\nThe next change of its code starts {service} again.")


def services_of(paths: Iterable[Path]) -> list[str]:
    """The services that run code from these files; `shared` belongs to all of them."""
    folders = {path.relative_to(REPOSITORY).parts[0] for path in paths}
    return [service for service, folder in MODULES.items() if folders & {folder, "shared"}]
