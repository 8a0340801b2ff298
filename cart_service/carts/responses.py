"""How the cart's routes answer, and the errors they have in common."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

from fastapi import Response

from cart_service.carts.difference_schemas import cart_changed_response
from cart_service.carts.errors import CartFull, IdempotencyKeyReused, LineLimitReached
from cart_service.carts.ports import Rendered
from cart_service.carts.rendering import cart_json, differences_json, render_cart
from cart_service.carts.service import CartChanged, WriteResult
from cart_service.catalogue.errors import ProductNotForSale, UnknownProduct
from shared.entity_tags import EntityTags
from shared.errors import InvalidInput
from shared.http.etag import etag_of, not_modified
from shared.http.responses import JsonBytes, problem_responses

T = TypeVar("T")

CACHING = {"Cache-Control": "private, no-cache"}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Still as the client has it."}}
WRITE_ERRORS = cart_changed_response() | problem_responses(InvalidInput, IdempotencyKeyReused)
ADD_ERRORS = WRITE_ERRORS | problem_responses(UnknownProduct, ProductNotForSale, LineLimitReached, CartFull)


def read(rendered: Rendered, condition: EntityTags | None) -> Response:
    """The cart or its summary, unless the client has it."""
    return not_modified(condition, rendered.etag, CACHING) or _answer(rendered)


async def written(write: Awaitable[WriteResult]) -> Response:
    """The cart after the write."""
    result = await with_refusal_shown(write)
    return marked(_answer(render_cart(result.priced)), result)


async def with_refusal_shown(work: Awaitable[T]) -> T:
    """What the work returns. A refusal by `If-Match` gets the cart, its ETag and what differs."""
    try:
        return await work
    except CartChanged as refusal:
        refusal.extra = {
            "cart": cart_json(refusal.priced),
            "differences": differences_json(refusal.differences),
        }
        refusal.headers = {"ETag": etag_of(render_cart(refusal.priced).etag)}
        raise


def marked(response: Response, result: WriteResult) -> Response:
    """The answer, with a header if the write was made before."""
    if result.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(rendered: Rendered) -> Response:
    return JsonBytes(rendered.body, headers={"ETag": etag_of(rendered.etag), **CACHING})
