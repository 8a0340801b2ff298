"""Changes the schema in SQLite: the documents stay in place, and their indexes are built again."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from pathlib import Path

import orjson

from shared.store.declaration import document_check
from shared.store.ports import Collection, MigrationProgress, MigrationReport
from shared.store.sqlite import schema
from shared.store.sqlite.thread import SqliteThread

_STEP = 500


async def migrate_file(path: Path, collection: Collection, progress: MigrationProgress) -> MigrationReport:
    """Does all in one transaction. See `shared.store.migrations.migrate`."""
    loop = asyncio.get_running_loop()
    thread = SqliteThread(path)

    def report(count: int) -> None:
        loop.call_soon_threadsafe(progress, count)

    try:
        return await thread.run(partial(_migrate, collection=collection, progress=report))
    finally:
        await thread.close()


def _migrate(
    connection: sqlite3.Connection, collection: Collection, progress: MigrationProgress
) -> MigrationReport:
    stored = schema.stored_schema(connection)
    if stored in (0, collection.schema_version):
        schema.prepare(connection, collection)
        return MigrationReport(collection.name, stored or None, collection.schema_version, 0)
    connection.execute("BEGIN IMMEDIATE")
    if schema.stored_schema(connection) > collection.schema_version:
        schema.check_schema(connection, collection)
    documents = _check_documents(connection, collection, progress)
    schema.build_indexes(connection, collection)
    connection.execute("COMMIT")
    return MigrationReport(collection.name, stored, collection.schema_version, documents)


def _check_documents(
    connection: sqlite3.Connection, collection: Collection, progress: MigrationProgress
) -> int:
    check, count = document_check(collection), 0
    for id, body in connection.execute("SELECT id, body FROM documents"):
        check(id, orjson.loads(body))
        count += 1
        if count % _STEP == 0:
            progress(count)
    progress(count)
    return count
