"""Makes SQL from a `Query`.

Values are always bound, and the SQL names only declared fields, so it contains no text from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.store.declaration import require_searchable
from shared.store.ports import Between, Condition, Equals, OneOf, Query
from shared.store.sqlite.schema import type_of, value_of

SortKey = tuple[str, bool]
"""The expression of a value, and whether the greatest comes first."""


@dataclass(frozen=True, slots=True)
class Sql:
    """Part of a SQL statement, and the values of its question marks."""

    text: str
    values: tuple[Any, ...] = ()


def where(conditions: Sequence[Condition], fields: frozenset[str], lists: frozenset[str]) -> Sql:
    """All of the conditions. `lists` are the fields that have a list in some document. Raises ValueError for
    a field that cannot be searched."""
    return _joined([_condition(condition, fields, lists) for condition in conditions], " AND ") or Sql("TRUE")


def select_page(query: Query, fields: frozenset[str], lists: frozenset[str]) -> list[Sql]:
    """Statements whose rows, one statement after the other, are the page: id, version, body and sort values.

    The last value of each statement is the number of missing rows. A document without the first sort field
    comes last in both directions, as in Elasticsearch. A separate statement selects these documents, because
    SQLite reads an index in order only for the order of the index.
    """
    keys = [_sort_key(name, fields) for name in query.sort] + [("id", False)]
    wanted = where(query.conditions, fields, lists)
    if not query.sort:
        return [_select(keys, [wanted, *_later(keys, query.after)])]
    first = keys[0][0]
    present = [_select(keys, [wanted, Sql(f"{first} IS NOT NULL"), *_later(keys, query.after)])]
    missing = [_select(keys, [wanted, Sql(f"{first} IS NULL"), *_later_missing(keys, query.after)])]
    if query.after is not None and query.after[0] is None:
        return missing
    named = {condition.field for condition in query.conditions}
    return present if query.sort[0].removeprefix("-") in named else present + missing


def count(
    conditions: Sequence[Condition], fields: frozenset[str], lists: frozenset[str], at_most: int
) -> Sql:
    """Counts what matches, but no further than `at_most`."""
    wanted = where(conditions, fields, lists)
    text = f"SELECT count(*) FROM (SELECT 1 FROM documents WHERE {wanted.text} LIMIT ?)"  # noqa: S608 - see above
    return Sql(text, (*wanted.values, at_most))


def any_list(field: str, fields: frozenset[str]) -> Sql:
    """Selects a row when some document holds a list in the field."""
    is_list = f"{type_of(require_searchable(field, fields))} = 'array'"
    return Sql(f"SELECT 1 FROM documents WHERE {is_list} LIMIT 1")  # noqa: S608 - see above


def _select(keys: Sequence[SortKey], conditions: Sequence[Sql]) -> Sql:
    wanted = _joined(conditions, " AND ") or Sql("TRUE")
    columns = ", ".join(["id", "version", "body", *(expression for expression, _ in keys)])
    (first, first_descends), *others = keys
    order = [f"{first} {'DESC' if first_descends else 'ASC'}"]
    order += [f"{key} IS NULL, {key} {'DESC' if descends else 'ASC'}" for key, descends in others[:-1]]
    text = f"SELECT {columns} FROM documents WHERE {wanted.text} ORDER BY {', '.join([*order, 'id'])} LIMIT ?"  # noqa: S608 - see above
    return Sql(text, wanted.values)


def _condition(condition: Condition, fields: frozenset[str], lists: frozenset[str]) -> Sql:
    """A field with a list matches if one of its items does. Each half uses its own index, which SQLite would
    not use for an OR. Without lists there is only the comparison, so its index also gives the order."""
    field = require_searchable(condition.field, fields)
    plain, item = _comparison(condition, value_of(field)), _comparison(condition, "value")
    if field not in lists:
        return plain
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


def _sort_key(name: str, fields: frozenset[str]) -> SortKey:
    return value_of(require_searchable(name.removeprefix("-"), fields)), name.startswith("-")


def _later(keys: Sequence[SortKey], after: Sequence[Any] | None) -> list[Sql]:
    """Selects documents after `after` among those that have the first field. The bound on the first field is
    a separate condition, for the index."""
    if after is None or after[0] is None:
        return []
    (first, descends), value = keys[0], after[0]
    if [descends for _, descends in keys] == [False, False]:
        return [Sql(f"({first}, id) > (?, ?)", tuple(after))]
    return [Sql(f"{first} {'<=' if descends else '>='} ?", (value,)), _after(keys, after)]


def _later_missing(keys: Sequence[SortKey], after: Sequence[Any] | None) -> list[Sql]:
    """Selects documents after `after` among those that lack the first field."""
    return [] if after is None or after[0] is not None else [_after(keys[1:], after[1:])]


def _after(keys: Sequence[SortKey], values: Sequence[Any]) -> Sql:
    """Selects documents later in the order: equal in the first keys, and later in the next one."""
    ways = []
    for position, ((key, descends), value) in enumerate(zip(keys, values, strict=True)):
        if value is None:
            continue  # a missing value is the last one
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
