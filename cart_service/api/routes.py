"""The cart's routes. Each answers with what the use case has rendered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from cart_service.api.dependencies import CartChangesDep, CartServiceDep
from cart_service.api.schemas import (
    PRODUCT_ID_PATTERN,
    CartPublic,
    CartUpdate,
    ItemAdd,
    QuantitySet,
    SummaryPublic,
)
from cart_service.domain.errors import (
    CartChanged,
    CartFull,
    IdempotencyKeyReused,
    LineLimitReached,
    ProductNotForSale,
    ProductNotFound,
)
from cart_service.domain.operations import AddItem, ClearCart, RemoveItem, SetQuantity
from cart_service.service import Rendered, Written
from shared.errors import InvalidInput
from shared.http.etag import EntityTags, IfNoneMatchDep, etag_of, not_modified
from shared.http.responses import JsonBytes, problem_responses
from shared.security.dependencies import CurrentUserDep

CACHING = {"Cache-Control": "private, no-cache"}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Still as the client has it."}}
WRITE_ERRORS = problem_responses(CartChanged, InvalidInput, IdempotencyKeyReused)
ADD_ERRORS = WRITE_ERRORS | problem_responses(ProductNotFound, ProductNotForSale, LineLimitReached, CartFull)

ProductIdPath = Annotated[
    str, Path(pattern=PRODUCT_ID_PATTERN, description="Id of the product.", examples=["p3f2b8c1d9e0a475"])
]

router = APIRouter(tags=["Cart"])


@router.get("/", summary="Read the cart", response_model=CartPublic, responses=NOT_MODIFIED)
async def get_cart(user: CurrentUserDep, carts: CartServiceDep, condition: IfNoneMatchDep) -> Response:
    """Lines at the prices of now, notices of what changed since they were added, and totals. The ETag begins
    with the cart's version; it changes with prices and stock, too."""
    return _read(await carts.cart(user.user_id), condition)


@router.get(
    "/summary", summary="Read the cart in short", response_model=SummaryPublic, responses=NOT_MODIFIED
)
async def get_summary(user: CurrentUserDep, carts: CartServiceDep, condition: IfNoneMatchDep) -> Response:
    """For badges, mini-carts and checkout pages: cached, and never older than the last answer to a write."""
    return _read(await carts.summary(user.user_id), condition)


@router.post("/items", summary="Add to the cart", response_model=CartPublic, responses=ADD_ERRORS)
async def add_item(item: ItemAdd, changes: CartChangesDep) -> Response:
    """Adds to the line of the product, or starts one. More than the stock is taken, and shown as `short`."""
    return _written(await changes.make([AddItem(item.product_id, item.quantity)]))


@router.put("/items/{product_id}", summary="Set a quantity", response_model=CartPublic, responses=ADD_ERRORS)
async def set_item_quantity(
    product_id: ProductIdPath, item: QuantitySet, changes: CartChangesDep
) -> Response:
    """Sets the line to this quantity, or starts one; 0 removes it."""
    return _written(await changes.make([SetQuantity(product_id, item.quantity)]))


@router.delete(
    "/items/{product_id}", summary="Remove from the cart", response_model=CartPublic, responses=WRITE_ERRORS
)
async def remove_item(product_id: ProductIdPath, changes: CartChangesDep) -> Response:
    """Removes the line; where there is none, nothing changes."""
    return _written(await changes.make([RemoveItem(product_id)]))


@router.patch("/", summary="Make several changes at once", response_model=CartPublic, responses=ADD_ERRORS)
async def update_cart(update: CartUpdate, changes: CartChangesDep) -> Response:
    """Applies the operations in order: all of them, or none. They make one new version of the cart."""
    return _written(await changes.make([operation.to_domain() for operation in update.operations]))


@router.delete("/", summary="Clear the cart", response_model=CartPublic, responses=WRITE_ERRORS)
async def clear_cart(changes: CartChangesDep) -> Response:
    """Removes every line."""
    return _written(await changes.make([ClearCart()]))


def _read(rendered: Rendered, condition: EntityTags | None) -> Response:
    return not_modified(condition, rendered.etag, CACHING) or _answer(rendered)


def _written(written: Written) -> Response:
    response = _answer(written.cart)
    if written.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(rendered: Rendered) -> Response:
    return JsonBytes(rendered.body, headers={"ETag": etag_of(rendered.etag), **CACHING})
