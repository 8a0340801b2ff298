"""How words may differ from what somebody meant to type."""

from __future__ import annotations


def edits_allowed(word: str) -> int:
    """How many typos a word may have: none up to 2 letters, 1 up to 5, else 2 (Elasticsearch's `AUTO`)."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def is_within(first: str, second: str, edits: int) -> bool:
    """Whether so many insertions, deletions, replacements and swaps of neighbours make one from the other."""
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
