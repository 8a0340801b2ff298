"""Distances between words, and the order of exact and misspelt matches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from product_service.search.ports import SearchQuery
from shared.aggregates.ports import ListPage
from shared.store.ports import Position
from shared.text import name_key, words


def edits_allowed(word: str) -> int:
    """The accepted typos of a word: none up to 2 letters, 1 up to 5, else 2 (Elasticsearch's `AUTO`)."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def is_within(first: str, second: str, edits: int) -> bool:
    """Whether that number of insertions, deletions, replacements and swaps of neighbours is enough."""
    if abs(len(first) - len(second)) > edits:
        return False
    earlier: list[int] = []
    previous = list(range(len(second) + 1))
    for row, a in enumerate(first, 1):
        current = [row]
        for column, b in enumerate(second, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (a != b))
            if row > 1 and column > 1 and a == second[column - 2] and first[row - 2] == b:
                cost = min(cost, earlier[column - 2] + 1)
            current.append(cost)
        if min(current) > edits:
            return False
        earlier, previous = previous, current
    return previous[-1] <= edits


WORDS_COUNTED = 16
TOTAL_COUNTED = 10_000

Find = Callable[[list[str], bool, Position | None], Awaitable[ListPage[str]]]
"""Finds the words, with True also misspelt ones, after the position."""


async def exact_before_lenient(query: SearchQuery, find: Find, after: Position | None) -> ListPage[str]:
    """A text without words, such as `!!`, finds nothing. If nothing matches exactly, it finds misspelt words,
    on every page."""
    wanted = words(query.text)[:WORDS_COUNTED]
    names = [name for name in (query.brand, query.category) if name]
    if (query.text and not wanted) or not all(map(name_key, names)):
        return ListPage((), 0, True, None)
    if after is not None:
        lenient, *position = after
        return _marked(await find(wanted, bool(lenient), position), 1 if lenient else 0)
    hits = await find(wanted, False, None)
    if hits.items or not wanted:
        return _marked(hits, 0)
    return _marked(await find(wanted, True, None), 1)


def _marked(page: ListPage[str], lenient: int) -> ListPage[str]:
    return page if page.end is None else replace(page, end=[lenient, *page.end])
