"""The bounded and measured queues before a store, and the reads that go through them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

from shared.batching import Batcher, Weighing
from shared.bounded import ByteBudget
from shared.observability.metrics import STORE_BATCH_ITEMS, STORE_BATCH_SECONDS
from shared.settings import ServiceSettings
from shared.store.declaration import is_valid_id
from shared.store.ports import Condition, Document, DocumentPage, Query, StoreOverloaded

READ_ITEMS = 64
"""Most documents read at a time. Their size is not known before: 64 of the largest carts are 13 MB, and about
50 MB as objects."""
BATCH_BYTES = 4 * 2**20
"""Bytes of documents in one request of writes, unless a single document is larger."""

Op = TypeVar("Op")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """`batch_items` operations go in one request; `queue_limit` may wait for each kind of request.
    `batches_at_once` requests of a kind run at once. One is best: two at once are half as large, and cost
    Elasticsearch and the replica more for each document than they save in waiting. Documents to write take
    bytes from `budget`, which all collections of a process share."""

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


def operation_queue(
    collection: str,
    operation: str,
    execute: Callable[[Sequence[Op]], Awaitable[Sequence[R | Exception]]],
    *,
    max_items: int,
    max_in_flight: int,
    queue_limit: int,
    weighing: Weighing[Op] | None = None,
) -> Batcher[Op, R]:
    """A batcher that counts its batches, and raises `StoreOverloaded` when it is full."""
    items = STORE_BATCH_ITEMS.labels(collection, operation)
    seconds = STORE_BATCH_SECONDS.labels(collection, operation)

    async def measured(ops: Sequence[Op]) -> Sequence[R | Exception]:
        items.observe(len(ops))
        with seconds.time():
            return await execute(ops)

    def refusal() -> StoreOverloaded:
        return StoreOverloaded(
            f"Too many operations wait for the store of {collection} (STORE_QUEUE_LIMIT, STORE_QUEUE_BYTES). "
            "Try again shortly."
        )

    return Batcher(
        measured,
        max_items=max_items,
        max_in_flight=max_in_flight,
        queue_limit=queue_limit,
        weighing=weighing,
        refusal=refusal,
    )


class QueuedReads:
    """The reads of a `DocumentStore`, the same in every adapter. An adapter sets the two queues; an operation
    of `_finds` is a query, and whether its matches are counted."""

    _reads: Batcher[str, Document | None]
    _finds: Batcher[tuple[Query, bool], DocumentPage]

    async def get(self, id: str) -> Document | None:
        return await self._reads.submit(id) if is_valid_id(id) else None

    async def get_many(self, ids: Sequence[str]) -> list[Document | None]:
        return list(await asyncio.gather(*map(self.get, ids)))

    async def find(self, query: Query) -> DocumentPage:
        return await self._finds.submit((query, True))

    async def scan(
        self, conditions: Sequence[Condition] = (), *, batch: int = 500
    ) -> AsyncIterator[Document]:
        """The documents of all pages in the order of ids. Each page shows what is visible when it is read."""
        query: Query | None = Query(conditions, limit=batch)
        while query is not None:
            page = await self._finds.submit((query, False))
            for document in page.documents:
                yield document
            query = Query(conditions, limit=batch, after=page.next_after) if page.next_after else None
