"""How the cart's routes answer, and the errors they have in common."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Response
from pydantic import Field

from cart_service.carts.differences import Differing
from cart_service.carts.errors import CartFull, IdempotencyKeyReused, LineLimitReached
from cart_service.carts.lines import MAX_PRICES
from cart_service.carts.ports import Rendered
from cart_service.carts.rendering import cart_json, differences_json, render_cart
from cart_service.carts.schemas import EMPTY_CART, CartPublic, UnitPricePublic
from cart_service.carts.service import CartChanged, WriteResult
from cart_service.catalogue.errors import ProductNotForSale, UnknownProduct
from cart_service.fields import EXAMPLE_PRODUCT_ID, ProductId
from cart_service.limits import MAX_LINES
from shared.entity_tags import EntityTags
from shared.errors import InvalidInput
from shared.http.etag import etag_of, not_modified
from shared.http.models import LARGEST_INTEGER, PublicModel
from shared.http.problem_schemas import Problem
from shared.http.responses import JsonBytes, problem_responses

T = TypeVar("T")

MOST_DIFFERENCES = 2 * 4 * 2 * MAX_LINES + 1
"""Four fields of each line of both versions, in the cart and saved for later, and the promo code."""

Value = (
    Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
    | Annotated[str, Field(max_length=64)]
    | Annotated[list[UnitPricePublic], Field(max_length=MAX_PRICES)]
    | None
)
_DIFFERENCE = {"product_id": EXAMPLE_PRODUCT_ID, "field": "quantity", "then": 2, "now": 0}


class CartDifference(PublicModel):
    """A field that has another value now."""

    product_id: Annotated[ProductId | None, Field(description="Null if it is about the whole cart.")]
    field: Annotated[
        Differing,
        Field(
            description="Of the product's line in the cart, or (`saved_…`) of the one saved for later. A"
            " quantity is 0 if there is no line; then no other field of the line is listed. `prices` are"
            " those when pieces were added, null if there is one."
        ),
    ]
    then: Annotated[
        Value, Field(description="What it was in the version that `If-Match` names.", examples=[1])
    ]
    now: Annotated[Value, Field(description="What it is in `cart`.", examples=[2])]


class CartChangedProblem(Problem):
    """The cart is at another version than `If-Match` names."""

    type: Literal["urn:trolley:problem:cart-changed"]
    status: Literal[412]
    cart: CartPublic
    differences: Annotated[
        list[CartDifference] | None,
        Field(
            max_length=MOST_DIFFERENCES,
            description="What differs between the newest version that `If-Match` names and `cart`. Empty if"
            " every change was changed back, or if only prices and stock in the catalogue or what can be"
            " undone differ. Null if the version is too old, or never existed.",
            examples=[[_DIFFERENCE]],
        ),
    ]


CACHING = {"Cache-Control": "private, no-cache"}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Still as the client has it."}}
CART_CHANGED = problem_responses(
    CartChanged, model=CartChangedProblem, members={"cart": EMPTY_CART, "differences": [_DIFFERENCE]}
)
WRITE_ERRORS = CART_CHANGED | problem_responses(InvalidInput, IdempotencyKeyReused)
ADD_ERRORS = WRITE_ERRORS | problem_responses(UnknownProduct, ProductNotForSale, LineLimitReached, CartFull)


def read(rendered: Rendered, condition: EntityTags | None) -> Response:
    """The cart or its summary, unless the client has it."""
    return not_modified(condition, rendered.etag, CACHING) or answer(rendered.body, rendered.etag)


async def written(write: Awaitable[WriteResult]) -> Response:
    """The cart after the write."""
    result = await with_refusal_shown(write)
    rendered = render_cart(result.priced)
    return answer(rendered.body, rendered.etag, replayed=result.replayed)


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


def answer(body: bytes, etag: str | None, *, replayed: bool = False) -> Response:
    """`replayed` adds a header that tells that the write was made before."""
    headers = dict(CACHING)
    if etag is not None:
        headers["ETag"] = etag_of(etag)
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return JsonBytes(body, headers=headers)
