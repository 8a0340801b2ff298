"""The embedded document store: one SQLite file for each collection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import orjson

from shared.store.declaration import document_check, is_valid_id, searchable_fields
from shared.store.ports import Collection, Condition, Document, Found, Json, Query
from shared.store.queues import OperationQueue, QueueLimits
from shared.store.scanning import scan_pages
from shared.store.sqlite import reads, schema
from shared.store.sqlite.thread import SqliteThread
from shared.store.sqlite.writes import Create, Delete, Replace, Write, bytes_of, commit


class SqliteDocumentStore:
    """A `DocumentStore` over a file that several processes may use at once.

    One thread writes, one transaction a batch; one reads by id, one finds. It acknowledges a commit once it
    is on the disk.
    """

    def __init__(self, path: Path, collection: Collection, limits: QueueLimits) -> None:
        self.collection = collection
        self._path = path
        self._check = document_check(collection)
        self._fields = searchable_fields(collection)
        self._writer, self._reader, self._finder = (SqliteThread(path) for _ in range(3))
        queue = partial(OperationQueue, collection.name, max_in_flight=1, queue_limit=limits.queue_limit)
        self._writes: OperationQueue[Write, str] = queue(
            "write", self._commit, max_items=limits.batch_items, weighing=limits.weighed(bytes_of)
        )
        self._reads: OperationQueue[str, Document | None] = queue(
            "read", self._read, max_items=limits.read_items
        )
        self._finds: OperationQueue[tuple[Query, bool], Found] = queue("find", self._find, max_items=1)

    async def open(self) -> None:
        """Makes the file ready. Raises `SchemaMismatch`."""
        await self._writer.run(partial(schema.prepare, collection=self.collection))

    async def ping(self) -> None:
        """Raises `StoreUnavailable` unless the file is there and can be read. It waits for no lock: readers
        never do."""
        await self._reader.run(partial(reads.check, path=self._path))

    async def close(self) -> None:
        await asyncio.gather(self._writes.close(), self._reads.close(), self._finds.close())
        await asyncio.gather(self._writer.close(), self._reader.close(), self._finder.close())

    async def get(self, id: str) -> Document | None:
        return await self._reads.submit(id) if is_valid_id(id) else None

    async def get_many(self, ids: Sequence[str]) -> list[Document | None]:
        return list(await asyncio.gather(*map(self.get, ids)))

    async def create(self, id: str, body: Json) -> str:
        return await self._writes.submit(Create(id, self._encode(id, body)))

    async def replace(self, id: str, body: Json, expected_version: str) -> str:
        return await self._writes.submit(Replace(id, self._encode(id, body), expected_version))

    async def delete(self, id: str, expected_version: str) -> None:
        await self._writes.submit(Delete(id, expected_version))

    async def find(self, query: Query) -> Found:
        return await self._finds.submit((query, True))

    def scan(self, conditions: Sequence[Condition] = (), *, batch: int = 500) -> AsyncIterator[Document]:
        return scan_pages(self._find_uncounted, conditions, batch)

    async def refresh(self) -> None:
        """Does nothing: every commit is visible at once."""

    def _encode(self, id: str, body: Json) -> str:
        self._check(id, body)
        return orjson.dumps(body).decode()

    async def _find_uncounted(self, query: Query) -> Found:
        return await self._finds.submit((query, False))

    async def _commit(self, writes: Sequence[Write]) -> list[str | Exception]:
        return await self._writer.run(partial(commit, collection=self.collection, writes=writes))

    async def _read(self, ids: Sequence[str]) -> list[Document | None]:
        return await self._reader.run(partial(reads.documents, ids=ids))

    async def _find(self, queries: Sequence[tuple[Query, bool]]) -> list[Found]:
        return [
            await self._finder.run(partial(reads.page, query=query, fields=self._fields, counted=counted))
            for query, counted in queries
        ]
