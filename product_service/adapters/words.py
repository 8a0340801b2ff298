"""Text as the search sees it: folded words, the same for every adapter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\d+|[^\W\d_]+")
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not decompose but people type without their stroke."""


_PIECE = 128


def fold(text: str) -> str:
    """Without case and accents: `Crème BRÛLÉE` is `creme brulee`."""
    if text.isascii():
        return text.lower()
    # Normalising takes the square of a run of accents. Cutting a run does not matter: accents are dropped.
    pieces = range(0, len(text), _PIECE)
    return "".join(_folded(text[start : start + _PIECE]) for start in pieces)


def _folded(text: str) -> str:
    # Twice: taking signs like ㎩ apart brings up capitals, and folding case puts accents on some letters.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_STROKES)


def words(text: str) -> list[str]:
    """Runs of letters and runs of digits, folded, in order: `500ml` and `500 ml` are the same two words."""
    return _WORD.findall(fold(text))


def joined(texts: Iterable[str]) -> str:
    """The words of all texts with single spaces between, which is what is indexed."""
    return " ".join(words(" ".join(texts)))


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
