"""Product search in the SQLite file of the products, by FTS5."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from product_service.search.ports import SearchQuery, Sort
from product_service.search.spelling import TOTAL_COUNTED, edits_allowed, exact_before_lenient, is_within
from product_service.search.sqlite_schema import install
from shared.aggregates.ports import ListPage
from shared.store.ports import Position
from shared.store.sqlite.thread import SqliteThread
from shared.text import name_key

_NAME_WEIGHT, _REST_WEIGHT = 8.0, 2.0
_MOST_SIMILAR_WORDS = 50
"""The largest number of words that one misspelt word may match."""

_SORTS: dict[Sort, tuple[str, bool]] = {
    Sort.RELEVANCE: (f"bm25(search_texts, {_NAME_WEIGHT}, {_REST_WEIGHT})", False),
    Sort.PRICE: ("price", False),
    Sort.PRICE_DESCENDING: ("price", True),
    Sort.NAME: ("name_key", False),
    Sort.NEWEST: ("created_at", True),
}


class SqliteProductSearch:
    """A `ProductSearch` on tables that triggers fill: a write and its search entry are one transaction."""

    def __init__(self, path: Path) -> None:
        self._thread = SqliteThread(path)

    async def open(self) -> None:
        """Creates the tables. The collection of products has to be open."""
        await self._thread.run(install)

    async def close(self) -> None:
        await self._thread.close()

    async def search(self, query: SearchQuery, limit: int, after: Position | None = None) -> ListPage[str]:
        async def find(words: list[str], lenient: bool, position: Position | None) -> ListPage[str]:
            sql = _SqlQuery(query, words, lenient)
            return await self._thread.run(lambda connection: sql.run(connection, limit, position))

        return await exact_before_lenient(query, find, after)


@dataclass(frozen=True, slots=True)
class _SqlQuery:
    """A query as SQL. Values are always bound, and all SQL is from this module."""

    query: SearchQuery
    words: Sequence[str]
    lenient: bool

    def run(self, connection: sqlite3.Connection, limit: int, after: Position | None) -> ListPage[str]:
        source, conditions, values = self._matching(connection)
        found = f"FROM {source} WHERE {' AND '.join(conditions)}"
        rows = self._rows(connection, found, values, limit + 1, after)
        counted = f"SELECT count(*) FROM (SELECT 1 {found} LIMIT ?)"  # noqa: S608 - see above
        total: int = connection.execute(counted, (*values, TOTAL_COUNTED + 1)).fetchone()[0]
        following = list(rows[limit - 1][1:]) if len(rows) > limit else None
        ids = [id for id, *_ in rows[:limit]]
        return ListPage(ids, min(total, TOTAL_COUNTED), total <= TOTAL_COUNTED, following)

    def _rows(
        self,
        connection: sqlite3.Connection,
        found: str,
        values: Sequence[Any],
        limit: int,
        after: Position | None,
    ) -> list[Any]:
        """Id, sort value and SKU of the matches after that position."""
        key, descends = self._order()
        beyond, position = _beyond(descends, after)
        way = "DESC" if descends else "ASC"  # of both columns, so that an index has the order
        rows = f"SELECT id, {key} AS key, sku_key {found}"
        page = f"SELECT * FROM ({rows}) WHERE {beyond} ORDER BY key {way}, sku_key {way} LIMIT ?"  # noqa: S608 - see above
        return connection.execute(page, (*values, *position, limit)).fetchall()

    def _order(self) -> tuple[str, bool]:
        """The expression to sort by, and whether it descends."""
        by_relevance = self.query.sort is Sort.RELEVANCE
        return _SORTS[Sort.NEWEST if by_relevance and not self.words else self.query.sort]

    def _matching(self, connection: sqlite3.Connection) -> tuple[str, list[str], list[Any]]:
        """The tables, the conditions, and the values bound to them."""
        conditions, values = _filters(self.query)
        if not self.words:
            return "search_entries", conditions, values
        alternatives = [_ways(connection, word, self.lenient) for word in self.words]
        match = " AND ".join(f"({' OR '.join(ways)})" for ways in alternatives)
        source = "search_texts CROSS JOIN search_entries ON search_entries.entry = search_texts.rowid"
        return source, ["search_texts MATCH ?", *conditions], [match, *values]


def _beyond(descends: bool, after: Position | None) -> tuple[str, Position]:
    """The condition for matches after that position."""
    return (f"(key, sku_key) {'<' if descends else '>'} (?, ?)", after) if after is not None else ("TRUE", ())


def _ways(connection: sqlite3.Connection, word: str, lenient: bool) -> list[str]:
    """The word itself and as a beginning, so a whole word counts twice. If lenient, also similar words."""
    near = _similar_words(connection, word) if lenient else []
    return [f'"{word}"', f'"{word}"*', *(f'"{other}"' for other in near)]


def _similar_words(connection: sqlite3.Connection, word: str) -> list[str]:
    """Words of products with the same first letter and few enough typos."""
    edits = edits_allowed(word)
    if not edits:
        return []
    select = "SELECT term FROM search_vocabulary WHERE term >= ? AND term < ?"
    terms = connection.execute(select, (word[0], chr(ord(word[0]) + 1)))
    near = (term for (term,) in terms if term != word and is_within(term, word, edits))
    return [term for term, _ in zip(near, range(_MOST_SIMILAR_WORDS), strict=False)]


def _filters(query: SearchQuery) -> tuple[list[str], list[Any]]:
    wanted = {
        "status = ?": query.status.value,
        "brand_key = ?": name_key(query.brand) if query.brand is not None else None,
        "price >= ?": query.price_min,
        "price <= ?": query.price_max,
        "entry IN (SELECT entry FROM search_categories WHERE category = ?)": (
            name_key(query.category) if query.category is not None else None
        ),
    }
    given = {condition: value for condition, value in wanted.items() if value is not None}
    conditions = list(given)
    if query.in_stock is not None:
        conditions.append("stock > 0" if query.in_stock else "stock = 0")
    return conditions, list(given.values())
