"""The header `Prefer` (RFC 7240)."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Request

from shared.http.headers import RequestHeader

_QUOTED = r'"(?:[^"\\]|\\.?)*"?'
_PREFERENCE = re.compile(rf'(?:[^,"]|{_QUOTED})+', re.DOTALL)
_PART = re.compile(rf'(?:[^;"]|{_QUOTED})+', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.?)", re.DOTALL)


def parse_preferences(text: str) -> dict[str, str]:
    """Each preference's value by its name in lower case, without its parameters. Of a name that comes twice
    the first counts, and an empty value is none (section 2)."""
    found: dict[str, str] = {}
    for preference in _PREFERENCE.findall(text):
        parts = _PART.findall(preference)
        name, _, value = parts[0].partition("=") if parts else ("", "", "")
        found.setdefault(name.strip().lower(), _unquoted(value.strip()))
    return found


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    return _QUOTED_PAIR.sub(r"\1", word[1:].removesuffix('"'))


class PreferHeader(RequestHeader):
    """Gives the preferences."""

    async def __call__(self, request: Request) -> Any:
        return parse_preferences(self.read(request) or "")
