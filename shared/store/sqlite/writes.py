"""The writes of one batch, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from sys import getsizeof

from shared.store.ports import AlreadyExists, Collection, VersionConflict
from shared.store.sqlite.schema import check_schema


@dataclass(frozen=True, slots=True)
class Create:
    id: str
    body: str

    def apply(self, connection: sqlite3.Connection, version: int) -> str | Exception:
        insert = "INSERT OR IGNORE INTO documents (id, version, body) VALUES (?, ?, ?)"
        done = connection.execute(insert, (self.id, version, self.body)).rowcount
        return str(version) if done else AlreadyExists(self.id)


@dataclass(frozen=True, slots=True)
class Replace:
    id: str
    body: str
    expected: str

    def apply(self, connection: sqlite3.Connection, version: int) -> str | Exception:
        update = "UPDATE documents SET version = ?, body = ? WHERE id = ? AND version = ?"
        done = connection.execute(update, (version, self.body, self.id, self.expected)).rowcount
        return str(version) if done else VersionConflict(self.id)


@dataclass(frozen=True, slots=True)
class Delete:
    id: str
    expected: str

    def apply(self, connection: sqlite3.Connection, version: int) -> str | Exception:
        delete = "DELETE FROM documents WHERE id = ? AND version = ?"
        done = connection.execute(delete, (self.id, self.expected)).rowcount
        return str(version) if done else VersionConflict(self.id)


Write = Create | Replace | Delete


def bytes_of(write: Write) -> int:
    """The memory of its document."""
    return 0 if isinstance(write, Delete) else getsizeof(write.body)


def commit(
    connection: sqlite3.Connection, collection: Collection, writes: Sequence[Write]
) -> list[str | Exception]:
    """The new version of each document, or its exception. Raises `SchemaMismatch`; then nothing was
    written."""
    connection.execute("BEGIN IMMEDIATE")
    check_schema(connection, collection)
    last: int = connection.execute("SELECT last FROM versions").fetchone()[0]
    outcomes = [write.apply(connection, version) for version, write in enumerate(writes, last + 1)]
    connection.execute("UPDATE versions SET last = ?", (last + len(writes),))
    connection.execute("COMMIT")
    return outcomes
