"""The cost of a page in SQLite, in steps of its virtual machine, which are the same on every computer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.store.declaration import searchable_fields
from shared.store.ports import Between, Condition, Equals, Query
from shared.store.sqlite import reads, schema
from shared.store.sqlite.thread import connect
from tests.support.stores import things

FEW, MANY = 1_000, 20_000
FIELDS = searchable_fields(things())


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "things.sqlite3")
    schema.prepare(connection, things())
    yield connection
    connection.close()


def fill(connection: sqlite3.Connection, numbers: range) -> None:
    """`size` and `made_at` are the number. `name` is the same in all documents."""
    bodies = [{"name": "same", "size": n, "made_at": f"2026-01-01T00:00:00.{n:06}Z"} for n in numbers]
    rows = [(f"thing-{n:06}", n, orjson.dumps(body)) for n, body in zip(numbers, bodies, strict=True)]
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO documents VALUES (?, ?, CAST(? AS TEXT))", rows)
    connection.execute("COMMIT")


def steps(connection: sqlite3.Connection, query: Query) -> int:
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    connection.set_progress_handler(step, 1)
    found = reads.page(connection, query, FIELDS, counted=False)
    connection.set_progress_handler(None, 0)
    assert len(found.documents) == query.limit
    return count


def middle(sort: Sequence[str]) -> list[Any]:
    """The start of a page in the middle of the first thousand."""
    values = {"size": 500, "made_at": "2026-01-01T00:00:00.000500Z", "name": "same"}
    return [*(values[name.removeprefix("-")] for name in sort), "thing-000500"]


@pytest.mark.parametrize(
    ("sort", "conditions"),
    [
        (["made_at"], []),
        (["-made_at"], []),
        (["size"], [Between("size", below=999)]),
        (["-size"], [Between("size", at_least=1)]),
        (["made_at"], [Between("made_at", at_least="2026", below="2027")]),
        (["name"], []),
        ([], []),
        ([], [Equals("name", "same")]),
    ],
)
@pytest.mark.parametrize("place", ["first", "middle"])
def test_pages_cost_the_same_in_long_lists(
    connection: sqlite3.Connection, sort: list[str], conditions: list[Condition], place: str
) -> None:
    query = Query(conditions, sort, limit=50, after=middle(sort) if place == "middle" else None)
    fill(connection, range(FEW))
    in_a_short_list = steps(connection, query)

    fill(connection, range(FEW, MANY))

    assert steps(connection, query) <= 2 * in_a_short_list


def test_an_older_release_s_indexes_are_replaced(connection: sqlite3.Connection) -> None:
    connection.execute('DROP INDEX "documents_by_size"')
    connection.execute("CREATE INDEX documents_by_size ON documents (json_extract(body, '$.size'))")

    schema.prepare(connection, things())

    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'documents_by_size'").fetchone()
    assert sql.endswith("(json_extract(body, '$.size'), id)")
