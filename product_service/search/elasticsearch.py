"""Product search in the index of the products."""

from __future__ import annotations

import hashlib
from typing import Any

from product_service.search.ports import SearchQuery, Sort
from product_service.search.spelling import TOTAL_COUNTED, edits_allowed, exact_before_lenient
from shared.aggregates.ports import ListPage
from shared.store.elasticsearch.gateway import Gateway
from shared.store.ports import Position
from shared.text import name_key

Clause = dict[str, Any]

_SORTS: dict[Sort, list[Clause]] = {
    Sort.RELEVANCE: [{"_score": "desc"}, {"sku_key": "asc"}],
    Sort.PRICE: [{"price": "asc"}, {"sku_key": "asc"}],
    Sort.PRICE_DESCENDING: [{"price": "desc"}, {"sku_key": "desc"}],
    Sort.NAME: [{"name_key": "asc"}, {"sku_key": "asc"}],
    Sort.NEWEST: [{"created_at": "desc"}, {"sku_key": "desc"}],
}
_EXACT = {"name_words": 8.0, "search_words": 2.0}
_PREFIX = {"name_words": 2.0, "search_words": 0.5}
_MISSPELT = {"name_words": 1.0, "search_words": 0.25}
_ANSWER = "hits.total,hits.hits._id,hits.hits.sort"


class ElasticsearchProductSearch:
    """A `ProductSearch` with built-in analyzers only: the words are folded before they are indexed."""

    def __init__(self, gateway: Gateway, alias: str) -> None:
        self._gateway = gateway
        self._path = f"/{alias}/_search"

    async def search(self, query: SearchQuery, limit: int, after: Position | None = None) -> ListPage[str]:
        async def find(words: list[str], lenient: bool, position: Position | None) -> ListPage[str]:
            return await self._find(query, words, lenient, limit, position)

        return await exact_before_lenient(query, find, after)

    async def _find(
        self, query: SearchQuery, words: list[str], lenient: bool, limit: int, after: Position | None
    ) -> ListPage[str]:
        body = {
            "query": {"bool": {"must": [_word(word, lenient) for word in words], "filter": _filters(query)}},
            "sort": _order(query, words),
            "size": limit + 1,
            "track_total_hits": TOTAL_COUNTED,
            "_source": False,
        }
        if after is not None:
            body["search_after"] = list(after)
        # One copy of the shard answers every page, because scores differ slightly between copies.
        copy = hashlib.sha256(repr(query).encode()).hexdigest()
        answer = await self._gateway.send("POST", self._path, body, filter_path=_ANSWER, preference=copy)
        return _hits(answer["hits"], limit)


def _hits(found: Clause, limit: int) -> ListPage[str]:
    rows = found.get("hits", [])
    total = found["total"]
    following = rows[limit - 1]["sort"] if len(rows) > limit else None
    return ListPage(
        [row["_id"] for row in rows[:limit]], total["value"], total["relation"] == "eq", following
    )


def _order(query: SearchQuery, words: list[str]) -> list[Clause]:
    if query.sort is Sort.RELEVANCE and not words:
        return _SORTS[Sort.NEWEST]
    return _SORTS[query.sort]


def _word(word: str, lenient: bool) -> Clause:
    """The word itself, as a beginning, and if lenient misspelt. A closer match weighs more."""
    ways: list[Clause] = [{"term": {f: {"value": word, "boost": boost}}} for f, boost in _EXACT.items()]
    ways += [{"prefix": {f: {"value": word, "boost": boost}}} for f, boost in _PREFIX.items()]
    if lenient and edits_allowed(word):
        ways += [{"fuzzy": {f: _misspelt(word, boost)}} for f, boost in _MISSPELT.items()]
    return {"bool": {"should": ways, "minimum_should_match": 1}}


def _misspelt(word: str, boost: float) -> Clause:
    return {"value": word, "fuzziness": edits_allowed(word), "prefix_length": 1, "boost": boost}


def _filters(query: SearchQuery) -> list[Clause]:
    filters: list[Clause] = [{"term": {"status": query.status.value}}]
    if query.category is not None:
        filters.append({"term": {"category_keys": name_key(query.category)}})
    if query.brand is not None:
        filters.append({"term": {"brand_key": name_key(query.brand)}})
    if query.in_stock is not None:
        filters.append({"range": {"stock": {"gte": 1} if query.in_stock else {"lt": 1}}})
    price = {"gte": query.price_min, "lte": query.price_max}
    if price := {bound: value for bound, value in price.items() if value is not None}:
        filters.append({"range": {"price": price}})
    return filters
