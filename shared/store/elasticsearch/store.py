"""The document store over Elasticsearch: one index behind an alias for each collection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from shared.batching import Batcher
from shared.store.declaration import document_check, searchable_fields
from shared.store.elasticsearch import bulk
from shared.store.elasticsearch.gateway import Gateway
from shared.store.elasticsearch.query import SEARCH_ANSWER, page_of, search_body
from shared.store.ports import Collection, Document, DocumentPage, Json, Query
from shared.store.queues import QueuedReads, QueueLimits, operation_queue

_SEARCHES_AT_ONCE = 8


class ElasticsearchDocumentStore(QueuedReads):
    """A `DocumentStore` whose version tokens are `<_seq_no>/<_primary_term>`.

    `alias` belongs to one schema version. A finished migration removes it, and no request creates a missing
    index. So a replica of the old release can neither read old documents nor write to the old index.
    """

    def __init__(self, gateway: Gateway, alias: str, collection: Collection, limits: QueueLimits) -> None:
        self.collection = collection
        self._gateway = gateway
        self._path = f"/{alias}"
        self._check = document_check(collection)
        self._fields = searchable_fields(collection)
        queue = partial(operation_queue, collection.name, queue_limit=limits.queue_limit)
        batches = partial(queue, max_in_flight=limits.batches_at_once)
        self._writes: Batcher[bulk.BulkWrite, str] = batches(
            "write", self._bulk, max_items=limits.batch_items, weighing=limits.weighed(bulk.bytes_of)
        )
        self._reads: Batcher[str, Document | None] = batches("read", self._mget, max_items=limits.read_items)
        self._finds: Batcher[tuple[Query, bool], DocumentPage] = queue(
            "find", self._search, max_items=1, max_in_flight=_SEARCHES_AT_ONCE
        )
        # One at a time. A caller that arrives while it runs shares the next one: this one may miss its write.
        self._refreshes: Batcher[None, None] = queue(
            "refresh", self._refresh, max_items=limits.queue_limit, max_in_flight=1
        )

    async def close(self) -> None:
        queues = (self._writes, self._reads, self._finds, self._refreshes)
        await asyncio.gather(*(queue.close() for queue in queues))

    async def create(self, id: str, body: Json) -> str:
        self._check(id, body)
        return await self._writes.submit(bulk.create(id, body))

    async def replace(self, id: str, body: Json, expected_version: str) -> str:
        self._check(id, body)
        return await self._writes.submit(bulk.replace(id, body, expected_version))

    async def delete(self, id: str, expected_version: str) -> None:
        await self._writes.submit(bulk.delete(id, expected_version))

    async def refresh(self) -> None:
        await self._refreshes.submit(None)

    async def _bulk(self, writes: Sequence[bulk.BulkWrite]) -> list[str | Exception]:
        answer = await self._gateway.send(
            "POST",
            f"{self._path}/_bulk",
            bulk.bulk_body(writes),
            require_alias="true",
            filter_path=bulk.BULK_ANSWER,
        )
        return bulk.bulk_outcomes(writes, answer)

    async def _mget(self, ids: Sequence[str]) -> list[Document | Exception | None]:
        docs = [{"_id": id} for id in ids]
        answer = await self._gateway.send(
            "POST", f"{self._path}/_mget", {"docs": docs}, filter_path=bulk.MGET_ANSWER
        )
        return [bulk.read_outcome(item) for item in answer["docs"]]

    async def _search(self, queries: Sequence[tuple[Query, bool]]) -> list[DocumentPage]:
        return [await self._search_one(query, counted=counted) for query, counted in queries]

    async def _search_one(self, query: Query, *, counted: bool) -> DocumentPage:
        body = search_body(query, self._fields, counted=counted)
        answer = await self._gateway.send("POST", f"{self._path}/_search", body, filter_path=SEARCH_ANSWER)
        return page_of(answer, query.limit)

    async def _refresh(self, callers: Sequence[None]) -> Sequence[None]:
        await self._gateway.send("POST", f"{self._path}/_refresh")
        return callers
