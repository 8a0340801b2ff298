"""Group commit: while a batch is under way, further operations queue, and the next batch takes all of
them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.bounded import ByteBudget

Op = TypeVar("Op")
R = TypeVar("R")


class QueueFull(Exception):
    """Too many operations or bytes wait, or the batcher is closed. The operation was not started."""


@dataclass(frozen=True, slots=True)
class Weighing(Generic[Op]):
    """`weigh` gives the bytes of an operation. They are taken from `budget` until the operation is done. A
    batch has at most `batch_bytes`, or a single larger operation."""

    weigh: Callable[[Op], int]
    budget: ByteBudget
    batch_bytes: int


class Batcher(Generic[Op, R]):
    """Gathers single operations into batches, in the order of arrival.

    `execute` gets up to `max_items` operations and returns one result for each, in their order. If a result
    is an exception, it is raised to that operation's caller only. If `execute` raises, all callers of the
    batch get the exception. Up to `max_in_flight` batches run at once. Operations submitted in one turn of
    the event loop go together. `refusal` makes the exception of a full or closed batcher.
    """

    def __init__(
        self,
        execute: Callable[[Sequence[Op]], Awaitable[Sequence[R | Exception]]],
        *,
        max_items: int,
        max_in_flight: int,
        queue_limit: int,
        weighing: Weighing[Op] | None = None,
        refusal: Callable[[], Exception] = QueueFull,
    ) -> None:
        self._execute = execute
        self._max_items = max_items
        self._max_in_flight = max_in_flight
        self._queue_limit = queue_limit
        self._weighing = weighing
        self._refusal = refusal
        self._queue: deque[tuple[Op, asyncio.Future[R], int]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._start_is_scheduled = False
        self._closed = False

    async def submit(self, op: Op) -> R:
        """The operation's own result. Raises the refusal, or the operation's own exception.

        If the caller is cancelled, its operation leaves the queue. An operation under way continues.
        """
        if self._closed or len(self._queue) >= self._queue_limit:
            raise self._refusal()
        size = self._take_bytes(op)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._queue.append((op, future, size))
        if not self._start_is_scheduled and len(self._running) < self._max_in_flight:
            self._start_is_scheduled = True
            loop.call_soon(self._start)
        return await future

    async def close(self) -> None:
        """Refuses new operations, and returns when all accepted ones are done."""
        self._closed = True
        while self._queue or self._running:
            if self._running:
                await asyncio.wait(self._running)
            await asyncio.sleep(0)

    def _start(self) -> None:
        self._start_is_scheduled = False
        while len(self._running) < self._max_in_flight:
            batch, size = self._take()
            if not batch:
                return
            task = asyncio.create_task(self._run(batch, size))
            self._running.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start()

    def _take_bytes(self, op: Op) -> int:
        if self._weighing is None:
            return 0
        size = self._weighing.weigh(op)
        if not self._weighing.budget.take(size):
            raise self._refusal()
        return size

    def _give_back(self, size: int) -> None:
        if self._weighing is not None:
            self._weighing.budget.give_back(size)

    def _take(self) -> tuple[list[tuple[Op, asyncio.Future[R]]], int]:
        """The next batch and its bytes."""
        batch: list[tuple[Op, asyncio.Future[R]]] = []
        taken = 0
        while self._queue and len(batch) < self._max_items:
            op, future, size = self._queue[0]
            if batch and self._weighing is not None and taken + size > self._weighing.batch_bytes:
                break
            self._queue.popleft()
            if future.done():
                self._give_back(size)
            else:
                batch.append((op, future))
                taken += size
        return batch, taken

    async def _run(self, batch: list[tuple[Op, asyncio.Future[R]]], size: int) -> None:
        futures = [future for _, future in batch]
        try:
            _finish(futures, await self._execute([op for op, _ in batch]))
        except Exception as error:
            _finish(futures, [error] * len(futures))
        finally:
            self._give_back(size)
            for future in futures:
                future.cancel()  # only open ones: the batch itself was cancelled


def _finish(futures: Sequence[asyncio.Future[R]], results: Sequence[R | Exception]) -> None:
    for future, result in zip(futures, results, strict=True):
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
