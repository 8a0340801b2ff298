"""Moves a collection to the schema version of this release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.store.declaration import check_collection
from shared.store.migration_report import MigrationReport, Progress
from shared.store.ports import Collection
from shared.store.sqlite.factory import SqliteStoreFactory
from shared.store.sqlite.migration import migrate_file

if TYPE_CHECKING:
    from shared.store.elasticsearch.factory import ElasticsearchStoreFactory


async def migrate(
    factory: ElasticsearchStoreFactory | SqliteStoreFactory,
    collection: Collection,
    progress: Progress = lambda _: None,
) -> MigrationReport:
    """Brings the stored collection to `collection.schema_version`; one that is not there is made.

    Services of the former release may go on meanwhile. Every write that one of them saw acknowledged is in
    the new schema. In Elasticsearch their writes answer `SchemaMismatch` (503) during the last step, which
    copies what came meanwhile; in SQLite they wait, as long as its lock lets them (5 s). Afterwards reads and
    writes (in SQLite: writes) of the former release answer `SchemaMismatch`, so that it can neither show what
    is out of date nor overwrite anything.

    Raises `InvalidDocument` when a stored document does not fit the new declaration, `SchemaMismatch` when
    the stored schema is newer, and `StoreUnavailable`; the former schema is in use then as before. After a
    crash run it again: it starts from the beginning. Only one may run at a time.
    """
    check_collection(collection)
    if isinstance(factory, SqliteStoreFactory):
        await factory.ping()
        return await migrate_file(factory.path(collection), collection, progress)
    from shared.store.elasticsearch.migration import ElasticsearchMigration

    return await ElasticsearchMigration(factory, collection, progress).run()
