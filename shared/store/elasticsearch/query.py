"""Makes a search request from a `Query`, and a page from hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.store.declaration import ID_FIELD, require_searchable
from shared.store.elasticsearch.bulk import document_of
from shared.store.ports import Between, Condition, DocumentPage, Equals, Query

SEARCH_ANSWER = (
    "hits.total,hits.hits._id,hits.hits._seq_no,hits.hits._primary_term,hits.hits._source,hits.hits.sort"
)


def search_body(query: Query, fields: frozenset[str], *, counted: bool) -> dict[str, Any]:
    """The request asks for one document more than the page has. Raises ValueError for a field that cannot be
    searched."""
    body: dict[str, Any] = {
        "size": query.limit + 1,
        "query": {"bool": {"filter": [_filter(condition, fields) for condition in query.conditions]}},
        "sort": [*(_sort_key(name, fields) for name in query.sort), {ID_FIELD: "asc"}],
        "seq_no_primary_term": True,
        "track_total_hits": 10_000 if counted else False,
    }
    if query.after is not None:
        body["search_after"] = list(query.after)
    return body


def page_of(answer: Mapping[str, Any], limit: int) -> DocumentPage:
    """The page. Without a count, its total is the number of its documents."""
    hits: Sequence[dict[str, Any]] = answer.get("hits", {}).get("hits", ())
    shown = hits[:limit]
    total = answer.get("hits", {}).get("total")
    return DocumentPage(
        documents=[document_of(hit) for hit in shown],
        total=total["value"] if total else len(shown),
        total_is_exact=bool(total) and total["relation"] == "eq",
        next_after=shown[-1]["sort"] if len(hits) > limit else None,
    )


def _filter(condition: Condition, fields: frozenset[str]) -> dict[str, Any]:
    field = require_searchable(condition.field, fields)
    if isinstance(condition, Equals):
        return {"term": {field: condition.value}}
    if isinstance(condition, Between):
        bounds = {"gte": condition.at_least, "lt": condition.below}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"range": {field: given}} if given else {"exists": {"field": field}}
    return {"terms": {field: list(condition.values)}}


def _sort_key(name: str, fields: frozenset[str]) -> dict[str, Any]:
    field = require_searchable(name.removeprefix("-"), fields)
    return {field: {"order": "desc" if name.startswith("-") else "asc", "missing": "_last"}}
