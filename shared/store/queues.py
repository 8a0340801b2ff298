"""The bounded queue before a store, measured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.batching import Batcher, QueueFull
from shared.observability.metrics import STORE_BATCH_ITEMS, STORE_BATCH_SECONDS
from shared.store.ports import StoreOverloaded

Op = TypeVar("Op")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Limits:
    """`batch_items` operations go in one request; `queue_limit` may wait for each kind of request.

    `batches_at_once` requests of a kind are under way, where a store can do several things at a time. One is
    best: two side by side are half as large, and cost Elasticsearch and us more for each document than they
    save in waiting.
    """

    batch_items: int
    queue_limit: int
    batches_at_once: int = 1


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
    ) -> None:
        self._collection = collection
        self._execute = execute
        self._items = STORE_BATCH_ITEMS.labels(collection, operation)
        self._seconds = STORE_BATCH_SECONDS.labels(collection, operation)
        self._batcher: Batcher[Op, R] = Batcher(
            self._measured, max_items=max_items, max_in_flight=max_in_flight, queue_limit=queue_limit
        )

    async def submit(self, op: Op) -> R:
        try:
            return await self._batcher.submit(op)
        except QueueFull:
            raise StoreOverloaded(
                f"Too many operations wait for the store of {self._collection} (STORE_QUEUE_LIMIT): "
                "come again soon."
            ) from None

    async def close(self) -> None:
        await self._batcher.close()

    async def _measured(self, ops: Sequence[Op]) -> Sequence[R | Exception]:
        self._items.observe(len(ops))
        with self._seconds.time():
            return await self._execute(ops)
