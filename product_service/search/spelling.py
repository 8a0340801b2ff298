"""How misspelt words are found: the same two steps in every adapter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from product_service.products.ports import Hits, Position, SearchQuery
from shared.text import name_key, words

WORDS_COUNTED = 16
TOTAL_COUNTED = 10_000

Find = Callable[[list[str], bool, Position | None], Awaitable[Hits]]
"""Finds these words; with True also misspelt; from that position on."""


async def exact_before_lenient(query: SearchQuery, find: Find, after: Position | None) -> Hits:
    """A text without words, such as `!!`, finds nothing. Only when nothing matches exactly are misspelt words
    looked for, and then on every page."""
    wanted = words(query.text)[:WORDS_COUNTED]
    names = [name for name in (query.brand, query.category) if name]
    if (query.text and not wanted) or not all(map(name_key, names)):
        return Hits((), 0, True, None)
    if after is not None:
        lenient, *position = after
        return _marked(await find(wanted, bool(lenient), position), int(lenient))
    hits = await find(wanted, False, None)
    if hits.ids or not wanted:
        return _marked(hits, 0)
    return _marked(await find(wanted, True, None), 1)


def _marked(hits: Hits, lenient: int) -> Hits:
    return hits if hits.next is None else replace(hits, next=[lenient, *hits.next])
