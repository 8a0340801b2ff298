"""The cart's routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Response

from cart_service.carts.dependencies import CartChangesDep, CartReaderDep, OwnerDep, SummariesDep
from cart_service.carts.errors import CartFull, LineLimitReached, NothingToUndo, NotInCart
from cart_service.carts.operations import AddItem, ClearCart, RemoveItem, SetQuantity, UndoLast
from cart_service.carts.rendering import render_cart
from cart_service.carts.requests import CartUpdate, ItemAdd, QuantitySet
from cart_service.carts.responses import ADD_ERRORS, NOT_MODIFIED, WRITE_ERRORS, read, written
from cart_service.carts.schemas import CartPublic, SummaryPublic
from cart_service.catalogue.errors import ProductNotForSale
from cart_service.fields import EXAMPLE_PRODUCT_ID, PRODUCT_ID_PATTERN
from shared.http.etag import IfNoneMatchDep
from shared.http.responses import problem_responses

ProductIdPath = Annotated[
    str,
    Path(
        max_length=64,
        pattern=PRODUCT_ID_PATTERN,
        description="Id of the product.",
        examples=[EXAMPLE_PRODUCT_ID],
    ),
]

router = APIRouter(tags=["Cart"])


@router.get("/", summary="Read the cart", response_model=CartPublic, responses=NOT_MODIFIED)
async def get_cart(owner: OwnerDep, reader: CartReaderDep, condition: IfNoneMatchDep) -> Response:
    """Lines at present prices, notices of what changed after they were added, and totals. The ETag begins
    with the cart's version. It changes with prices and stock as well."""
    return read(render_cart(await reader.read(owner.id)), condition)


@router.get(
    "/summary", summary="Read the cart in short", response_model=SummaryPublic, responses=NOT_MODIFIED
)
async def get_summary(owner: OwnerDep, summaries: SummariesDep, condition: IfNoneMatchDep) -> Response:
    """For badges, mini-carts and checkout pages. It is cached, and never older than the last answer to a
    write."""
    return read(await summaries.get(owner.id), condition)


@router.post("/items", summary="Add to the cart", response_model=CartPublic, responses=ADD_ERRORS)
async def add_item(item: ItemAdd, changes: CartChangesDep) -> Response:
    """Adds to the line of the product, or starts one. More pieces than the stock are accepted, and the line
    is `short`. If the shop holds prices, present pieces keep theirs, and added ones have the present
    price."""
    return await written(changes.make(AddItem(item.product_id, item.quantity)))


@router.put("/items/{product_id}", summary="Set a quantity", response_model=CartPublic, responses=ADD_ERRORS)
async def set_item_quantity(
    product_id: ProductIdPath, item: QuantitySet, changes: CartChangesDep
) -> Response:
    """Sets the line to this quantity, or starts one; 0 removes it. Further pieces have the present price. Of
    fewer pieces, those added last go first."""
    return await written(changes.make(SetQuantity(product_id, item.quantity)))


@router.delete(
    "/items/{product_id}", summary="Remove from the cart", response_model=CartPublic, responses=WRITE_ERRORS
)
async def remove_item(product_id: ProductIdPath, changes: CartChangesDep) -> Response:
    """Removes the line. If there is none, nothing changes."""
    return await written(changes.make(RemoveItem(product_id)))


@router.patch(
    "/",
    summary="Make several changes at once",
    response_model=CartPublic,
    responses=ADD_ERRORS | problem_responses(LineLimitReached, CartFull, ProductNotForSale, NotInCart),
)
async def update_cart(update: CartUpdate, changes: CartChangesDep) -> Response:
    """Applies the operations in order: all of them, or none. They make one new version of the cart. If some
    are refused, the problem is that of the first one, and `errors` points at each, such as
    `/operations/3/product_id`.

    `save` moves a line to those saved for later, `restore` moves it back, `discard` removes it from them."""
    write = changes.write(*(operation.to_domain() for operation in update.operations))
    return await written(changes.writer.write(replace(write, is_batch=True)))


@router.delete("/", summary="Clear the cart", response_model=CartPublic, responses=WRITE_ERRORS)
async def clear_cart(changes: CartChangesDep) -> Response:
    """Removes every line."""
    return await written(changes.make(ClearCart()))


@router.post(
    "/undo",
    summary="Undo the last removal, clear or merge",
    response_model=CartPublic,
    responses=WRITE_ERRORS | problem_responses(NothingToUndo),
)
async def undo_last(changes: CartChangesDep) -> Response:
    """Undoes the last clear, removal or merge of the last 24 hours, with everything else that its request
    changed. `undo` in the cart names the operation. Later additions and removals stay."""
    return await written(changes.make(UndoLast()))


@router.post(
    "/acknowledge",
    summary="Accept changed prices and stock",
    response_model=CartPublic,
    responses=WRITE_ERRORS,
)
async def acknowledge_notices(changes: CartChangesDep) -> Response:
    """Accepts what every notice says. Prices become the present ones, and quantities at most the stock. A
    line that is out of stock is saved for later; if no more can be saved, it is removed, and `POST /undo`
    brings it back. A line whose product is gone is removed, and so is a promo code that has ended.

    This accepts the present state. Send the ETag of the cart or its summary in `If-Match` to accept only what
    that answer showed; if the state differs, the answer is 412 with the present cart. With
    `If-Match: "<version>"` only the version counts."""
    return await written(changes.writer.acknowledge(changes.write_as_shown()))
