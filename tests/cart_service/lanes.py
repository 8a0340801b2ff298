"""Tasks that go on from one access to a store to the next only when the test says so."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any

_MOST_TURNS = 100  # of the loop between two accesses, with many to spare


class Lane:
    """A task, held before its next access to a store; so are the tasks that it begins."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._held: list[asyncio.Event] = []
        context = contextvars.copy_context()
        context.run(_LANE.set, self)
        self.task = asyncio.get_running_loop().create_task(work, context=context)

    @property
    def is_over(self) -> bool:
        return self.task.done()

    async def hold(self) -> None:
        gate = asyncio.Event()
        self._held.append(gate)
        await gate.wait()

    async def go_on(self, accesses: int = 1) -> None:
        """Lets so many accesses happen, and what follows up to the next one."""
        await self._settle()
        for _ in range(accesses):
            if self._held:
                self._held.pop(0).set()
                await self._settle()

    async def finish(self) -> Any:
        """Its outcome, or what it raises."""
        while not self.is_over:
            await self.go_on()
        return await self.task

    async def die(self) -> None:
        """Ends it where it is, as if its replica had been killed."""
        self.task.cancel()
        await asyncio.wait([self.task])

    async def _settle(self) -> None:
        for _ in range(_MOST_TURNS):
            await asyncio.sleep(0)
            if self._held or self.is_over:
                return


_LANE: contextvars.ContextVar[Lane | None] = contextvars.ContextVar("lane", default=None)


async def before_access() -> None:
    """What a store in memory calls first."""
    lane = _LANE.get()
    if lane is not None:
        await lane.hold()
