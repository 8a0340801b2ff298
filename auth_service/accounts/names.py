"""Names of people, as others see them."""

from __future__ import annotations

import unicodedata

from auth_service.accounts.characters import has_invisible, is_crowded, without_joiners

NAME_MAX = 100


def clean_name(text: str) -> str:
    """The name, trimmed, in NFC. The given text has 1 to 100 characters.

    Something of it is visible. Invisible characters stay only where a script or an emoji needs them. Raises
    ValueError.
    """
    name = unicodedata.normalize("NFC", text.strip()) if len(text) <= NAME_MAX else ""
    if not name:
        raise ValueError(f"A name has 1 to {NAME_MAX} characters.")
    if has_invisible(without_joiners(text)):
        raise ValueError("A name has no control characters, no line ends and nothing else that is invisible.")
    if is_crowded(name):
        raise ValueError("A name has accents only on letters, and a few on each.")
    return name
