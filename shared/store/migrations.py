"""Moves a collection to the schema version of this release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.store.declaration import check_collection
from shared.store.ports import Collection, MigrationProgress, MigrationReport
from shared.store.sqlite.factory import SqliteStoreFactory
from shared.store.sqlite.migration import migrate_file

if TYPE_CHECKING:
    from shared.store.elasticsearch.factory import ElasticsearchStoreFactory


async def migrate(
    factory: ElasticsearchStoreFactory | SqliteStoreFactory,
    collection: Collection,
    progress: MigrationProgress = lambda _: None,
) -> MigrationReport:
    """Brings the stored collection to `collection.schema_version`, or creates it.

    Services of the former release may run meanwhile. Every write that they saw acknowledged is in the new
    schema. In Elasticsearch their writes answer `SchemaMismatch` (503) during the last step, which copies the
    writes since the start. In SQLite they wait for its lock (5 s at most). Afterwards reads and writes (in
    SQLite: writes) of the former release answer `SchemaMismatch`, so it neither shows outdated documents nor
    overwrites new ones.

    Raises `InvalidDocument` when a stored document does not fit the new declaration, `SchemaMismatch` when
    the stored schema is newer, and `StoreUnavailable`. Then the former schema stays in use. After a crash run
    it again: it starts from the beginning. Only one may run at a time.
    """
    check_collection(collection)
    if isinstance(factory, SqliteStoreFactory):
        await factory.ping()
        return await migrate_file(factory.path(collection), collection, progress)
    from shared.store.elasticsearch.migration import ElasticsearchMigration

    return await ElasticsearchMigration(factory, collection, progress).run()
