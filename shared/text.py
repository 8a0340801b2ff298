"""Folded text for comparisons, the same for search, filters and promotions."""

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


def name_key(name: str) -> str:
    """The same for names of brands and categories that are one to people: `Home & Garden` and `home garden`.
    A name without letters and digits is compared as it is."""
    return joined([name]) or fold(name).strip()
