"""Reads of documents and pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from shared.store.ports import Document, DocumentPage, Query, StoreUnavailable
from shared.store.sqlite.query import any_list, count, select_page

_EXACT_TOTAL = 10_000
"""Counting stops here, as in Elasticsearch."""


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raises `StoreUnavailable` if the file was removed, because writes to it would be lost."""
    connection.execute("SELECT last FROM versions").fetchone()
    if not path.exists():
        raise StoreUnavailable(f"SQLite's file {path} (SQLITE_DIRECTORY) was removed while it was in use.")


def documents(connection: sqlite3.Connection, ids: Sequence[str]) -> list[Document | None]:
    """The documents in the order of `ids`, by one statement and so at one moment."""
    select = "SELECT id, version, body FROM documents WHERE id IN (SELECT value FROM json_each(?))"
    rows = connection.execute(select, (orjson.dumps(ids).decode(),))
    found = {id: Document(id, str(version), orjson.loads(body)) for id, version, body in rows}
    return [found.get(id) for id in ids]


def page(
    connection: sqlite3.Connection, query: Query, fields: frozenset[str], *, counted: bool
) -> DocumentPage:
    """The page, as of one moment. Without `counted`, its total is the number of its documents."""
    connection.execute("BEGIN")
    lists = _fields_with_lists(connection, query, fields)
    rows = _page_rows(connection, query, fields, lists)
    shown = rows[: query.limit]
    total, exact = _total(connection, query, fields, lists) if counted else (len(shown), False)
    connection.execute("COMMIT")
    return DocumentPage(
        documents=[Document(id, str(version), orjson.loads(body)) for id, version, body, *_ in shown],
        total=total,
        total_is_exact=exact,
        next_after=list(shown[-1][3:]) if len(rows) > query.limit else None,
    )


def _fields_with_lists(
    connection: sqlite3.Connection, query: Query, fields: frozenset[str]
) -> frozenset[str]:
    """The fields of the conditions that have a list in some document."""
    named = {condition.field for condition in query.conditions}
    return frozenset(name for name in named if connection.execute(any_list(name, fields).text).fetchone())


def _page_rows(
    connection: sqlite3.Connection, query: Query, fields: frozenset[str], lists: frozenset[str]
) -> list[Any]:
    """The rows of the page, and one more if there is one."""
    rows: list[Any] = []
    for sql in select_page(query, fields, lists):
        if wanted := query.limit + 1 - len(rows):
            rows += connection.execute(sql.text, (*sql.values, wanted))
    return rows


def _total(
    connection: sqlite3.Connection, query: Query, fields: frozenset[str], lists: frozenset[str]
) -> tuple[int, bool]:
    sql = count(query.conditions, fields, lists, _EXACT_TOTAL + 1)
    total: int = connection.execute(sql.text, sql.values).fetchone()[0]
    return min(total, _EXACT_TOTAL), total <= _EXACT_TOTAL
