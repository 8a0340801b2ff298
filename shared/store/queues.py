"""The bounded and measured queue before a store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Self, TypeVar

from shared.batching import Batcher, QueueFull, Weighing
from shared.budget import ByteBudget
from shared.observability.metrics import STORE_BATCH_ITEMS, STORE_BATCH_SECONDS
from shared.settings import ServiceSettings
from shared.store.ports import StoreOverloaded

READ_ITEMS = 64
"""Most documents read at a time. How large they are shows only when they are there: 64 of the largest carts
are 13 MB, and some 50 as objects."""
BATCH_BYTES = 4 * 2**20
"""Bytes of documents in one request of writes, unless a single document is larger."""

Op = TypeVar("Op")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """`batch_items` operations go in one request; `queue_limit` may wait for each kind of request.
    `batches_at_once` requests of a kind run at once. One is best: two side by side are half as large, and
    cost Elasticsearch and the replica more for each document than they save in waiting. Documents to write
    are held from `budget`, which all collections of a process share."""

    batch_items: int
    queue_limit: int
    batches_at_once: int = 1
    budget: ByteBudget = field(default_factory=lambda: ByteBudget(32 * 2**20))

    @classmethod
    def of(cls, settings: ServiceSettings) -> Self:
        budget = ByteBudget(settings.store_queue_bytes)
        return cls(settings.store_batch_items, settings.store_queue_limit, budget=budget)

    @property
    def read_items(self) -> int:
        """Documents read at a time."""
        return min(self.batch_items, READ_ITEMS)

    def weighed(self, weigh: Callable[[Op], int]) -> Weighing[Op]:
        """The bytes that may wait, and that one request of writes may carry."""
        return Weighing(weigh, self.budget, BATCH_BYTES)


class OperationQueue(Generic[Op, R]):
    """A `Batcher` that answers a full queue with `StoreOverloaded` and counts its batches."""

    def __init__(
        self,
        collection: str,
        operation: str,
        execute: Callable[[Sequence[Op]], Awaitable[Sequence[R | Exception]]],
        *,
        max_items: int,
        max_in_flight: int,
        queue_limit: int,
        weighing: Weighing[Op] | None = None,
    ) -> None:
        self._collection = collection
        self._execute = execute
        self._items = STORE_BATCH_ITEMS.labels(collection, operation)
        self._seconds = STORE_BATCH_SECONDS.labels(collection, operation)
        self._batcher: Batcher[Op, R] = Batcher(
            self._measured,
            max_items=max_items,
            max_in_flight=max_in_flight,
            queue_limit=queue_limit,
            weighing=weighing,
        )

    async def submit(self, op: Op) -> R:
        try:
            return await self._batcher.submit(op)
        except QueueFull:
            raise StoreOverloaded(
                f"Too much waits for the store of {self._collection} (STORE_QUEUE_LIMIT, STORE_QUEUE_BYTES): "
                "come again soon."
            ) from None

    async def close(self) -> None:
        await self._batcher.close()

    async def _measured(self, ops: Sequence[Op]) -> Sequence[R | Exception]:
        self._items.observe(len(ops))
        with self._seconds.time():
            return await self._execute(ops)
