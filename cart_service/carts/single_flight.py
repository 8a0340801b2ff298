"""Work shared by those who ask for the same at the same time."""

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
    """Runs a piece of work once for everybody who arrived before it began.

    Who arrives later does not share it, because the world may have changed since it began: they wait for the
    next run, and share that one. So a result is never older than its reader's arrival, and at most one run
    per key is in progress with one more waiting.
    """

    def __init__(self) -> None:
        self._moments = itertools.count()
        self._latest: dict[str, _Run[T]] = {}

    def moment(self) -> int:
        """The moment of an arrival. Take it before looking anywhere else for the result."""
        return next(self._moments)

    async def run(self, key: str, arrived: int, work: Callable[[], Awaitable[T]]) -> T:
        """The result of a run that began after `arrived`, or what it raised."""
        flight = self._latest.get(key)
        if flight is None or flight.began < arrived:
            flight = self._start(key, work, flight)
        return await asyncio.shield(flight.task)

    def _start(self, key: str, work: Callable[[], Awaitable[T]], previous: _Run[T] | None) -> _Run[T]:
        flight: _Run[T] = _Run()
        flight.task = asyncio.create_task(self._run(flight, work, previous))
        flight.task.add_done_callback(lambda _: self._finish(key, flight))
        self._latest[key] = flight
        return flight

    async def _run(self, flight: _Run[T], work: Callable[[], Awaitable[T]], previous: _Run[T] | None) -> T:
        if previous is not None:
            await asyncio.wait([previous.task])
        flight.began = next(self._moments)
        return await work()

    def _finish(self, key: str, flight: _Run[T]) -> None:
        if self._latest.get(key) is flight:
            del self._latest[key]
        if not flight.task.cancelled():
            flight.task.exception()  # marks it as seen, should everybody who waited have been cancelled
