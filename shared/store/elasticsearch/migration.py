"""Changes the schema in Elasticsearch: a new index, a copy, the writes during the copy, and the swap of the
alias."""

from __future__ import annotations

from contextlib import suppress

from shared.store.elasticsearch.bulk import overwrite, remove
from shared.store.elasticsearch.copying import IndexReader, IndexWriter
from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
from shared.store.ports import (
    Collection,
    MigrationProgress,
    MigrationReport,
    SchemaMismatch,
    StoreUnavailable,
)


class ElasticsearchMigration:
    """One run; see `shared.store.migrations.migrate`.

    It copies everything while the former index accepts writes. Then it blocks writes and repeats, in the new
    index, the writes since the start (by sequence number) and the deletions.
    """

    def __init__(
        self, factory: ElasticsearchStoreFactory, collection: Collection, progress: MigrationProgress
    ) -> None:
        self._indices = factory.indices
        self._collection = collection
        self._progress = progress
        self._target = IndexWriter(factory.gateway, factory.indices.store_alias(collection))
        self._gateway = factory.gateway
        self._read = 0

    async def run(self) -> MigrationReport:
        to_version = self._collection.schema_version
        source = await self._indices.in_use(self._collection)
        if source is None:
            await self._indices.create(self._collection, in_use=True)
            return MigrationReport(self._collection.name, None, to_version, 0)
        from_version = self._indices.version_of(source)
        if from_version > to_version:
            raise SchemaMismatch(f"{source} is in use, and newer than this release (schema {to_version}).")
        if from_version < to_version:
            await self._move(source)
        return MigrationReport(
            self._collection.name,
            from_version,
            to_version,
            self._read,
            kept_index=source if from_version < to_version else None,
        )

    async def _move(self, source: str) -> None:
        reader = IndexReader(self._gateway, source)
        await self._indices.delete(self._indices.index(self._collection))
        await self._indices.create(self._collection, in_use=False)
        checkpoint = await reader.checkpoint()
        await self._copy(reader)
        await self._indices.block_writes(source)
        try:
            await self._copy(reader, written_after=checkpoint)
            await self._delete_missing(reader)
            await self._indices.switch(self._collection, source)
        except BaseException:
            # If the switch has succeeded, the former release has lost its alias and cannot write.
            with suppress(StoreUnavailable):
                await self._indices.allow_writes(source)
            raise

    async def _copy(self, reader: IndexReader, written_after: int | None = None) -> None:
        async for documents in reader.pages(written_after):
            await self._target.write([overwrite(document) for document in documents])
            self._read += len(documents)
            self._progress(self._read)

    async def _delete_missing(self, reader: IndexReader) -> None:
        target = IndexReader(self._gateway, self._indices.store_alias(self._collection))
        async for ids in target.id_pages():
            await self._target.write([remove(id) for id in await reader.missing(ids)])
