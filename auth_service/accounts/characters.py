"""Which characters a name or an address may have.

Two texts that look alike must not be two accounts. A text that is shown to others must be visible, and must
not change the order of the text around it. So controls, formats (category Cf, with bidirectional ones), and
letters and symbols that are drawn as nothing are refused, unless a script or an emoji needs them.
"""

from __future__ import annotations

import unicodedata

_IGNORABLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Default_Ignorable_Code_Point of the Unicode Character Database: drawn as nothing."""

_BLANK = frozenset("\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159")
"""Visible by their category, but drawn as a blank: the empty Braille pattern, fillers."""

_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me", "Mc"})
MARKS_MAX = 8
"""Marks on one letter. Tibetan and Vietnamese need up to five; more only hide the text around them."""

_FUTURE_EMOJI = range(0x1F000, 0x1FB00)
"""Unassigned characters here are reserved for emoji (Extended_Pictographic), and newer than this Python."""

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_TAGS = range(0xE0020, 0xE0080)
_TAG_END = "\U000e007f"
_TAGGED = "\U0001f3f4"
_VIRAMA = 9
"""Canonical combining class of the sign that joins consonants in Indic scripts."""


def is_invisible(character: str) -> bool:
    """Whether it is drawn as nothing, or changes the order of the text, or is no character at all."""
    code, category = ord(character), unicodedata.category(character)
    if category in _REFUSED_CATEGORIES or character in _BLANK:
        return not (category == "Cn" and code in _FUTURE_EMOJI)
    return any(first <= code <= last for first, last in _IGNORABLE)


def has_invisible(text: str) -> bool:
    return any(map(is_invisible, text))


def is_crowded(text: str) -> bool:
    """Whether a mark has nothing to stand on, or a letter has more than `MARKS_MAX` of them."""
    run = MARKS_MAX
    for character in text:
        run = run + 1 if unicodedata.category(character) in _MARKS else 0
        if run > MARKS_MAX:
            return True
    return False


def without_joiners(text: str) -> str:
    """The text without the invisible characters that its script or its emoji needs in their places.

    These are the joiners of Indic and Arabic scripts (RFC 5892, appendix A), the joiners, variation selectors
    and tags of emoji (Unicode Technical Standard 51), and the variants of Chinese characters.
    """
    kept: list[str] = []
    position = 0
    while position < len(text):
        length = _needed(text, position)
        if not length:
            kept.append(text[position])
        position += length or 1
    return "".join(kept)


def _needed(text: str, position: int) -> int:
    """How many characters from here on are invisible and needed; 0 if this one is not."""
    character = text[position]
    before = text[position - 1] if position else " "
    if character in (_ZWJ, _ZWNJ):
        after = text[position + 1] if position + 1 < len(text) else " "
        return int(_joins(character, before, after))
    if _is_selector(character):
        return int(_is_varied(character, before))
    return _tags(text, position) if before == _TAGGED else 0


def _joins(joiner: str, before: str, after: str) -> bool:
    if unicodedata.combining(before) == _VIRAMA:
        return True
    if joiner == _ZWNJ or _is_arabic(before):
        return _is_arabic(before) and _is_arabic(after)
    return _ends_emoji(before) and _is_symbol(after)


def _is_arabic(character: str) -> bool:
    """A letter, or a mark on one, of a script whose letters join."""
    return unicodedata.bidirectional(character) in ("AL", "NSM") and not _is_selector(character)


def _ends_emoji(character: str) -> bool:
    return _is_symbol(character) or character == "\ufe0f" or _is_skin_tone(character)


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sm") and character not in _BLANK


def _is_skin_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _is_varied(selector: str, before: str) -> bool:
    """Whether the selector chooses a shape of an emoji (U+FE0E and U+FE0F) or of a Chinese character."""
    if selector in "\ufe0e\ufe0f":
        return _is_symbol(before) or before in "0123456789#*\u203c\u2049\u3030\u303d"
    return unicodedata.name(before, "").startswith("CJK UNIFIED IDEOGRAPH")


def _tags(text: str, position: int) -> int:
    """The length of the tags of a flag, such as that of Scotland, from here on."""
    end = text.find(_TAG_END, position)
    tags = text[position : end + 1] if end > position else ""
    return len(tags) if all(ord(tag) in _TAGS for tag in tags) else 0
