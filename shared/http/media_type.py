"""The media type of a request's body."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from fastapi import Request

from shared.errors import UnsupportedMediaType
from shared.http.headers import headers_of

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
FORM = "application/x-www-form-urlencoded"

_LONGEST = 256
_UTF8 = {"", "utf-8", "utf8"}
_ACCEPT_HEADERS = {"POST": "Accept-Post", "PATCH": "Accept-Patch"}
"""The header of a 415 (RFC 5789, section 2.2; W3C LDP, section 7.1); of other methods `Accept` (RFC 9110)."""


def json_types(method: str) -> tuple[str, ...]:
    """The media types of a JSON body. PATCH takes a merge patch (RFC 7396)."""
    return (MERGE_PATCH, JSON) if method == "PATCH" else (JSON,)


def require_media_type(request: Request, expected: Sequence[str]) -> None:
    """Raises `UnsupportedMediaType` unless the body has one of these types, in UTF-8. A missing body
    passes."""
    headers = headers_of(request)
    given = headers.get(b"content-type", b"")
    media_type, charset = _parse(given) if len(given) <= _LONGEST else ("so long a media type", "")
    if media_type in expected and charset in _UTF8:
        return
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    if not given and not has_body:
        return
    if media_type in expected:
        raise _refused(request, expected, f"in UTF-8, not in {charset}")
    raise _refused(request, expected, f"not as {media_type}" if media_type else "Content-Type is missing")


@lru_cache(maxsize=64)
def _parse(content_type: bytes) -> tuple[str, str]:
    """The media type and its charset, in lower case; empty if missing."""
    media_type, *parameters = content_type.decode("latin-1").lower().split(";")
    named = [parameter.partition("=") for parameter in parameters]
    charset = next((value.strip().strip('"') for name, _, value in named if name.strip() == "charset"), "")
    return media_type.strip(), charset


def _refused(request: Request, expected: Sequence[str], reason: str) -> UnsupportedMediaType:
    header = _ACCEPT_HEADERS.get(request.method, "Accept")
    return UnsupportedMediaType(
        f"Send the body as {' or '.join(expected)} ({reason}).", headers={header: ", ".join(expected)}
    )
