"""Request headers, read and described in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from fastapi import Request

from shared.errors import FieldError, InvalidInput, ShopError

_HEADERS = "shop.headers"


def headers_of(request: Request) -> Mapping[bytes, bytes]:
    """The request's headers by their names in lower case, kept with the request. Several lines of a header
    are joined with commas (RFC 9110, section 5.3)."""
    known: dict[bytes, bytes] | None = request.scope.get(_HEADERS)
    if known is None:
        lines = request.scope["headers"]
        known = dict(lines)
        if len(known) < len(lines):
            known = {name: b", ".join(value for other, value in lines if other == name) for name in known}
        request.scope[_HEADERS] = known
    return known


class RequestHeader:
    """`Annotated[str | None, Depends(RequestHeader("Idempotency-Key", "…"))]` gives the header's text.

    `pattern` describes in the document what the subclass accepts. `errors` are the errors that the header can
    lead to, besides `InvalidInput`. `required` is for the document alone: the dependency that uses the header
    refuses a request without it.
    """

    errors: ClassVar[Sequence[type[ShopError]]] = ()

    def __init__(
        self,
        name: str,
        description: str,
        *,
        example: str | None = None,
        max_length: int = 1024,
        pattern: str | None = None,
        required: bool = False,
    ) -> None:
        self.name = name
        self._raw_name = name.lower().encode()
        self._description = description
        self._example = example
        self._max_length = max_length
        self._pattern = pattern
        self._required = required

    async def __call__(self, request: Request) -> Any:
        return self.read(request)

    def read(self, request: Request) -> str | None:
        """The header's text, or None. Raises `InvalidInput` when it is longer than `max_length`."""
        value = headers_of(request).get(self._raw_name)
        if value is None:
            return None
        if len(value) > self._max_length:
            raise self.invalid(f"Send at most {self._max_length} characters.")
        return value.decode("latin-1").strip()

    def invalid(self, message: str) -> InvalidInput:
        """The error that points at this header."""
        return InvalidInput(
            f"The header {self.name} is not valid.", errors=[FieldError(f"header:{self.name}", message)]
        )

    def parameter(self) -> dict[str, Any]:
        """Its description in the document. The example belongs to the schema: a form fills a parameter's
        example into its field, and would then send an optional header that nobody asked for."""
        return {
            "name": self.name,
            "in": "header",
            "required": self._required,
            "description": self._description,
            "schema": self._schema(),
        }

    def _schema(self) -> dict[str, Any]:
        pattern = {"pattern": self._pattern} if self._pattern else {}
        examples = {"examples": [self._example]} if self._example else {}
        return {"type": "string", "maxLength": self._max_length, **pattern, **examples}


_QUOTED = r'"(?:[^"\\]|\\.?)*"?'
_PREFERENCE = re.compile(rf'(?:[^,"]|{_QUOTED})+', re.DOTALL)
_PART = re.compile(rf'(?:[^;"]|{_QUOTED})+', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.?)", re.DOTALL)


def parse_preferences(text: str) -> dict[str, str]:
    """The value of each preference by its name in lower case, without parameters (RFC 7240, section 2). If a
    name comes twice, the first counts. An empty value is the same as no value."""
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
    """Gives the preferences. Routes ignore an unknown one (RFC 7240, section 2)."""

    async def __call__(self, request: Request) -> Any:
        return parse_preferences(self.read(request) or "")
