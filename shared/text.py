"""Folds text for comparisons, in the same way for search, filters and promotions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\d+|[^\W\d_]+")
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not decompose, but people type without the stroke."""

_PIECE = 128


def fold(text: str) -> str:
    """The text without case and accents: `Crème BRÛLÉE` is `creme brulee`."""
    if text.isascii():
        return text.lower()
    # Normalising takes quadratic time in a run of accents. A run may be cut, because accents are dropped.
    pieces = range(0, len(text), _PIECE)
    return "".join(_folded(text[start : start + _PIECE]) for start in pieces)


def _folded(text: str) -> str:
    # Twice: decomposing signs like ㎩ gives capitals, and folding case adds accents to some letters.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_STROKES)


def words(text: str) -> list[str]:
    """The runs of letters and of digits, folded, in order: `500ml` and `500 ml` are the same two words."""
    return _WORD.findall(fold(text))


def joined(texts: Iterable[str]) -> str:
    """The words of all texts with single spaces between them. The search indexes this."""
    return " ".join(words(" ".join(texts)))


def name_key(name: str) -> str:
    """The key of a brand or a category. It is the same for names that people do not distinguish, such as
    `Home & Garden` and `home garden`. A name without letters and digits is only folded."""
    return joined([name]) or fold(name).strip()
