"""The background tasks of a replica. Each has a name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

_AGAIN_SECONDS = 0.2


class BackgroundTasks:
    """The tasks that run beside the requests of one replica until they are ended."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> list[str]:
        """The names of the running tasks, in alphabetical order."""
        return sorted(task.get_name() for task in self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Starts the work. The caller ends it with `cancel_all`."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @asynccontextmanager
    async def running(self, name: str, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Runs the work until the block ends."""
        task = self.start(name, work)
        try:
            yield
        finally:
            await cancel_all([task])


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels the tasks and returns when they have ended, with or without an error."""
    ending = list(tasks)
    while waiting := [task for task in ending if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=_AGAIN_SECONDS)  # nats-py swallows some cancellations
    await asyncio.gather(*ending, return_exceptions=True)
