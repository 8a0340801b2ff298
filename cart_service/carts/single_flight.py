"""Sharing one run of a piece of work between callers who ask for it at the same time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Run(Generic[T]):
    began: float = float("inf")
    task: asyncio.Task[T] = field(init=False)


class SingleFlight(Generic[T]):
    """Runs a piece of work once for all callers that arrived before it began.

    Later callers share the next run instead, because the data may have changed since this one began. So a
    result is never older than its caller's arrival, and per key at most one run is in progress and one waits.
    """

    def __init__(self) -> None:
        self._moments = itertools.count()
        self._latest: dict[str, _Run[T]] = {}

    def moment(self) -> int:
        """The moment of an arrival. Take it before you look for the result elsewhere."""
        return next(self._moments)

    async def run(self, key: str, arrived: int, work: Callable[[], Awaitable[T]]) -> T:
        """The result of a run that began after `arrived`, or what it raised."""
        latest = self._latest.get(key)
        if latest is None or latest.began < arrived:
            latest = self._start(key, work, latest)
        return await asyncio.shield(latest.task)

    def _start(self, key: str, work: Callable[[], Awaitable[T]], previous: _Run[T] | None) -> _Run[T]:
        run: _Run[T] = _Run()
        run.task = asyncio.create_task(self._run(run, work, previous))
        run.task.add_done_callback(lambda _: self._finish(key, run))
        self._latest[key] = run
        return run

    async def _run(self, run: _Run[T], work: Callable[[], Awaitable[T]], previous: _Run[T] | None) -> T:
        if previous is not None:
            await asyncio.wait([previous.task])
        run.began = next(self._moments)
        return await work()

    def _finish(self, key: str, run: _Run[T]) -> None:
        if self._latest.get(key) is run:
            del self._latest[key]
        if not run.task.cancelled():
            run.task.exception()  # marks it as retrieved, in case every caller was cancelled
