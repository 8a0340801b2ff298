"""From a `Query` to SQL.

Values are always bound, and a field is named only when the declaration has it: nothing foreign gets
into the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.store.declaration import require_searchable
from shared.store.ports import Between, Condition, Equals, OneOf, Query
from shared.store.sqlite.schema import type_of, value_of


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and what is bound to its question marks."""

    text: str
    values: tuple[Any, ...] = ()


def where(conditions: Sequence[Condition], fields: frozenset[str]) -> Sql:
    """All of the conditions. Raises ValueError for a field that cannot be searched."""
    return _joined([_condition(condition, fields) for condition in conditions], " AND ") or Sql("TRUE")


def select_page(query: Query, fields: frozenset[str]) -> Sql:
    """Selects id, version, body and the sort values of one document more than the page holds."""
    keys = [_sort_key(name, fields) for name in query.sort] + [("id", False)]
    conditions = [where(query.conditions, fields)]
    if query.after is not None:
        conditions.append(_after(keys, query.after))
    wanted = _joined(conditions, " AND ") or Sql("TRUE")
    columns = ", ".join(["id", "version", "body", *(expression for expression, _ in keys)])
    # A document without the field comes last whichever way the sort goes, as in Elasticsearch.
    order = "".join(f"{key} IS NULL, {key} {'DESC' if descends else 'ASC'}, " for key, descends in keys[:-1])
    text = f"SELECT {columns} FROM documents WHERE {wanted.text} ORDER BY {order}id LIMIT ?"  # noqa: S608 - see above
    return Sql(text, (*wanted.values, query.limit + 1))


def count(conditions: Sequence[Condition], fields: frozenset[str], at_most: int) -> Sql:
    """Counts what matches, but no further than `at_most`."""
    wanted = where(conditions, fields)
    text = f"SELECT count(*) FROM (SELECT 1 FROM documents WHERE {wanted.text} LIMIT ?)"  # noqa: S608 - see above
    return Sql(text, (*wanted.values, at_most))


def _condition(condition: Condition, fields: frozenset[str]) -> Sql:
    """A field that holds a list matches when one of its items does. Each half has its own index, which SQLite
    would not use for an OR."""
    field = require_searchable(condition.field, fields)
    plain, item = _comparison(condition, value_of(field)), _comparison(condition, "value")
    is_list = f"{type_of(field)} = 'array'"
    items = f"SELECT 1 FROM json_each(body, '$.{field}') WHERE {item.text}"  # noqa: S608 - see above
    text = (
        f"rowid IN (SELECT rowid FROM documents WHERE {plain.text} AND NOT {is_list}"  # noqa: S608 - see above
        f" UNION ALL SELECT rowid FROM documents WHERE {is_list} AND EXISTS ({items}))"
    )
    return Sql(text, plain.values + item.values)


def _comparison(condition: Condition, expression: str) -> Sql:
    match condition:
        case Equals():
            return Sql(f"{expression} = ?", (condition.value,))
        case OneOf():
            values = orjson.dumps(list(condition.values)).decode()
            return Sql(f"{expression} IN (SELECT value FROM json_each(?))", (values,))  # noqa: S608 - see above
        case Between():
            bounds = [(">=", condition.at_least), ("<", condition.below)]
            parts = [Sql(f"{expression} {sign} ?", (bound,)) for sign, bound in bounds if bound is not None]
            return _joined(parts, " AND ") or Sql(f"{expression} IS NOT NULL")


def _sort_key(name: str, fields: frozenset[str]) -> tuple[str, bool]:
    field = require_searchable(name.removeprefix("-"), fields)
    return value_of(field), name.startswith("-")


def _after(keys: Sequence[tuple[str, bool]], values: Sequence[Any]) -> Sql:
    """Comes later in the order: equal in the first keys and later in the next one."""
    ways = []
    for position, ((key, descends), value) in enumerate(zip(keys, values, strict=True)):
        if value is None:
            continue  # nothing comes after a missing value
        equal = [Sql(f"{k} IS ?", (v,)) for (k, _), v in zip(keys[:position], values, strict=False)]
        beyond = f"{key} {'<' if descends else '>'} ?"
        later = Sql(beyond if key == "id" else f"({beyond} OR {key} IS NULL)", (value,))
        way = _joined([*equal, later], " AND ") or later
        ways.append(Sql(f"({way.text})", way.values))
    either = _joined(ways, " OR ") or Sql("FALSE")
    return Sql(f"({either.text})", either.values)


def _joined(parts: Sequence[Sql], by: str) -> Sql | None:
    if not parts:
        return None
    return Sql(by.join(part.text for part in parts), tuple(value for part in parts for value in part.values))
