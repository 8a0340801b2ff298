"""Bodies that are forms, as OAuth 2.0 sends them."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import Request

from shared.errors import FieldError, InvalidInput, PayloadTooLarge
from shared.http.media_type import FORM, require_media_type
from shared.http.query import parse_pairs, repeated

_LONGEST = 16_384


async def check_form(request: Request, fields: Collection[str]) -> None:
    """Raises `UnsupportedMediaType`, `PayloadTooLarge`, `MalformedRequest`, and `InvalidInput` for one of the
    `fields` that is given twice. Others are ignored (RFC 6749, section 3.2)."""
    require_media_type(request, (FORM,))
    raw = await request.body()
    if len(raw) > _LONGEST:
        raise PayloadTooLarge(f"The form is larger than {_LONGEST} bytes.")
    if names := [name for name in repeated(parse_pairs(raw, "form")) if name in fields]:
        errors = [FieldError(f"/{name}", "Give this field once.") for name in names]
        raise InvalidInput("A field is given more than once.", errors=errors)
