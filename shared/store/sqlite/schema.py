"""The tables of a collection's file, and an index for each declared field.

`documents` holds the bodies as JSON text. `versions` holds the last version of any write, so no version
repeats, even if a document is deleted and created again. `PRAGMA user_version` is the schema version.
"""

from __future__ import annotations

import sqlite3
import time

from shared.store.declaration import searchable_fields
from shared.store.ports import Collection, SchemaMismatch

_TABLES = (
    "CREATE TABLE IF NOT EXISTS documents"
    " (id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS versions (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO versions VALUES (1, 0)",
)
_OPEN_SECONDS = 10.0
_PREFIX = "documents_by_"


def value_of(field: str) -> str:
    """The SQL expression of a field's value; for a list it is the list's JSON text."""
    return f"json_extract(body, '$.{field}')"


def type_of(field: str) -> str:
    """The SQL expression of a field's JSON type, NULL where the field is missing."""
    return f"json_type(body, '$.{field}')"


def prepare(connection: sqlite3.Connection, collection: Collection) -> None:
    """Makes the tables where they are missing. Raises `SchemaMismatch` when they are of another schema
    version."""
    _use_write_ahead_log(connection)
    connection.execute("BEGIN IMMEDIATE")
    if stored_schema(connection) == 0:
        for statement in _TABLES:
            connection.execute(statement)
        build_indexes(connection, collection)
    check_schema(connection, collection)
    if _indexes(connection) != _declared_indexes(collection):  # a release that built them otherwise
        build_indexes(connection, collection)
    connection.execute("COMMIT")


def stored_schema(connection: sqlite3.Connection) -> int:
    """The schema version of the file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_schema(connection: sqlite3.Connection, collection: Collection) -> None:
    """Raises `SchemaMismatch` unless the file has the collection's schema version."""
    if (stored := stored_schema(connection)) != collection.schema_version:
        raise SchemaMismatch(
            f"Collection {collection.name} is stored with schema {stored}, this release needs "
            f"{collection.schema_version}: run `python -m trolley migrate` of the newest release, "
            "and start only that one."
        )


def build_indexes(connection: sqlite3.Connection, collection: Collection) -> None:
    """Replaces the indexes by those of the declaration and notes its schema version. Needs a transaction."""
    for name in _indexes(connection):
        connection.execute(f'DROP INDEX "{name}"')
    for statement in _declared_indexes(collection).values():
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {int(collection.schema_version)}")


def _declared_indexes(collection: Collection) -> dict[str, str]:
    """The statements that make them, by name. The id stands behind the value, so that a walk by value finds
    equal ones in the order of pages."""
    indexes = {}
    for field in sorted(searchable_fields(collection)):
        by_value, lists = f"{_PREFIX}{field}", f"{_PREFIX}{field}_list"
        indexes[by_value] = f'CREATE INDEX "{by_value}" ON documents ({value_of(field)}, id)'
        indexes[lists] = f"CREATE INDEX \"{lists}\" ON documents (id) WHERE {type_of(field)} = 'array'"
    return indexes


def _indexes(connection: sqlite3.Connection) -> dict[str, str]:
    select = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name GLOB ?"
    return dict(connection.execute(select, (f"{_PREFIX}*",)).fetchall())


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """The switch is kept in the file. It asks for the file alone, and SQLite does not wait for that by
    itself."""
    deadline = time.monotonic() + _OPEN_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
