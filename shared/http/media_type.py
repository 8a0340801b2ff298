"""The media type of a request's body."""

from __future__ import annotations

from fastapi import Request

from shared.errors import UnsupportedMediaType
from shared.http.headers import headers_of

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def require_media_type(request: Request, expected: str) -> None:
    """Raises `UnsupportedMediaType` unless the body is of that type; a missing body is let through."""
    headers = headers_of(request)
    given = headers.get(b"content-type", b"").decode("latin-1")
    media_type = given.partition(";")[0].strip().lower()
    if media_type == expected or (expected == JSON and media_type.endswith("+json")):
        return
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    if not given and not has_body:
        return
    raise UnsupportedMediaType(
        f"Send the body as {expected}"
        + (f", not as {media_type}." if media_type else " (Content-Type is missing)."),
        headers={"Accept-Post": expected} if request.method == "POST" else None,
    )
