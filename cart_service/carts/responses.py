"""How the cart's routes answer, and the errors they have in common."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from cart_service.carts.difference_schemas import cart_changed_response
from cart_service.carts.errors import CartFull, IdempotencyKeyReused, LineLimitReached
from cart_service.carts.rendering import Rendered
from cart_service.carts.service import WriteResult
from cart_service.catalogue.errors import ProductNotForSale, UnknownProduct
from shared.errors import InvalidInput
from shared.http.etag import EntityTags, etag_of, not_modified
from shared.http.responses import JsonBytes, problem_responses

CACHING = {"Cache-Control": "private, no-cache"}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Still as the client has it."}}
WRITE_ERRORS = cart_changed_response() | problem_responses(InvalidInput, IdempotencyKeyReused)
ADD_ERRORS = WRITE_ERRORS | problem_responses(UnknownProduct, ProductNotForSale, LineLimitReached, CartFull)


def read(rendered: Rendered, condition: EntityTags | None) -> Response:
    """The cart or its summary, unless the client has it."""
    return not_modified(condition, rendered.etag, CACHING) or _answer(rendered)


def written(written: WriteResult) -> Response:
    """The cart after a write."""
    return marked(_answer(written.rendered), written)


def marked(response: Response, written: WriteResult) -> Response:
    """The answer, which says when the write had been made before."""
    if written.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(rendered: Rendered) -> Response:
    return JsonBytes(rendered.body, headers={"ETag": etag_of(rendered.etag), **CACHING})
