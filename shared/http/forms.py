"""Bodies that are forms, as OAuth 2.0 sends them."""

from __future__ import annotations

from fastapi import Request

from shared.errors import FieldError, InvalidInput, PayloadTooLarge
from shared.http.media_type import FORM, require_media_type
from shared.http.query import parse_pairs, repeated

_LONGEST = 16_384


async def check_form(request: Request) -> None:
    """Raises `UnsupportedMediaType`, `PayloadTooLarge`, `MalformedRequest`, and `InvalidInput` for a field
    that is given twice (RFC 6749, section 3.2)."""
    require_media_type(request, (FORM,))
    raw = await request.body()
    if len(raw) > _LONGEST:
        raise PayloadTooLarge(f"The form is larger than {_LONGEST} bytes.")
    if names := repeated(parse_pairs(raw, "form")):
        errors = [FieldError(f"/{name}", "Give this field once.") for name in names]
        raise InvalidInput("A field is given more than once.", errors=errors)
