"""Text as people compare it: folded words, the same for search, filters and promotions.

Unicode's normalisation can take time that grows with the square of the length: callers bound that first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\d+|[^\W\d_]+")
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not decompose but people type without their stroke."""


def fold(text: str) -> str:
    """Without case and accents: `Crème BRÛLÉE` is `creme brulee`."""
    if text.isascii():
        return text.lower()
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
