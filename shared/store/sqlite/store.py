"""The embedded document store: one SQLite file for each collection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import orjson

from shared.batching import Batcher
from shared.store.declaration import document_check, searchable_fields
from shared.store.ports import Collection, Document, DocumentPage, Json, Query
from shared.store.queues import QueuedReads, QueueLimits, operation_queue
from shared.store.sqlite import reads, schema
from shared.store.sqlite.thread import SqliteThread
from shared.store.sqlite.writes import Create, Delete, Replace, Write, bytes_of, commit


class SqliteDocumentStore(QueuedReads):
    """A `DocumentStore` over a file that several processes may use at once.

    One thread writes, in one transaction for each batch. One thread reads by id, and one finds. A commit is
    acknowledged when it is on the disk.
    """

    def __init__(self, path: Path, collection: Collection, limits: QueueLimits) -> None:
        self.collection = collection
        self._path = path
        self._check = document_check(collection)
        self._fields = searchable_fields(collection)
        self._writer, self._reader, self._finder = (SqliteThread(path) for _ in range(3))
        queue = partial(operation_queue, collection.name, max_in_flight=1, queue_limit=limits.queue_limit)
        self._writes: Batcher[Write, str] = queue(
            "write", self._commit, max_items=limits.batch_items, weighing=limits.weighed(bytes_of)
        )
        self._reads: Batcher[str, Document | None] = queue("read", self._read, max_items=limits.read_items)
        self._finds: Batcher[tuple[Query, bool], DocumentPage] = queue("find", self._find, max_items=1)

    async def open(self) -> None:
        """Prepares the file. Raises `SchemaMismatch`."""
        await self._writer.run(partial(schema.prepare, collection=self.collection))

    async def ping(self) -> None:
        """Raises `StoreUnavailable` unless the file exists and can be read. Readers never wait for a lock."""
        await self._reader.run(partial(reads.check, path=self._path))

    async def close(self) -> None:
        await asyncio.gather(self._writes.close(), self._reads.close(), self._finds.close())
        await asyncio.gather(self._writer.close(), self._reader.close(), self._finder.close())

    async def create(self, id: str, body: Json) -> str:
        return await self._writes.submit(Create(id, self._encode(id, body)))

    async def replace(self, id: str, body: Json, expected_version: str) -> str:
        return await self._writes.submit(Replace(id, self._encode(id, body), expected_version))

    async def delete(self, id: str, expected_version: str) -> None:
        await self._writes.submit(Delete(id, expected_version))

    async def refresh(self) -> None:
        """Does nothing: every commit is visible at once."""

    def _encode(self, id: str, body: Json) -> str:
        self._check(id, body)
        return orjson.dumps(body).decode()

    async def _commit(self, writes: Sequence[Write]) -> list[str | Exception]:
        return await self._writer.run(partial(commit, collection=self.collection, writes=writes))

    async def _read(self, ids: Sequence[str]) -> list[Document | None]:
        return await self._reader.run(partial(reads.documents, ids=ids))

    async def _find(self, queries: Sequence[tuple[Query, bool]]) -> list[DocumentPage]:
        return [
            await self._finder.run(partial(reads.page, query=query, fields=self._fields, counted=counted))
            for query, counted in queries
        ]
