"""What a cart refuses, and why. `CartChanged` is in `service`, because it shows the cart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from cart_service.catalogue.errors import ProductNotForSale, UnknownProduct
from shared.errors import Conflict, FieldError, InvalidInput


class LineLimitReached(Conflict):
    """The line would hold more pieces than a line may."""

    code, title = "line-limit-reached", "Line limit reached"
    field: ClassVar[str] = "quantity"

    def __init__(self, product_id: str, quantity: int, limit: int) -> None:
        advice = f"Add {limit - quantity} or fewer." if quantity < limit else "No more can be added."
        super().__init__(
            f"The cart holds {quantity} of product {product_id!r}, and a line holds at most {limit}."
            f" {advice}",
            extra={"product_id": product_id, "quantity": quantity, "limit": limit},
        )


class CartFull(Conflict):
    """The cart has as many lines as a cart may have."""

    code, title = "cart-full", "Cart full"
    field: ClassVar[str] = "product_id"

    def __init__(self, product_id: str, limit: int) -> None:
        super().__init__(
            f"The cart has {limit} lines, the most it can have. Remove one to add product {product_id!r}.",
            extra={"product_id": product_id, "limit": limit},
        )


class NotInCart(Conflict):
    """The line to move is not there."""

    code, title = "not-in-cart", "Not in the cart"
    field: ClassVar[str] = "product_id"

    def __init__(self, product_id: str, *, saved: bool) -> None:
        where = "saved for later" if saved else "in the cart"
        super().__init__(
            f"Product {product_id!r} is not {where}. Read the cart, then choose one that is.",
            extra={"product_id": product_id},
        )


Refusal = UnknownProduct | ProductNotForSale | LineLimitReached | CartFull | NotInCart
"""Why an operation is refused. `field` is the field of the operation that the client has to correct."""
REFUSALS = (UnknownProduct, ProductNotForSale, LineLimitReached, CartFull, NotInCart)


def refusal_of(refused: Mapping[int, Refusal]) -> Refusal:
    """The first refusal of a batch. Its errors name all of them by the operations' positions."""
    first = next(iter(refused.values()))
    first.errors = tuple(
        FieldError(f"/operations/{position}/{it.field}", it.detail) for position, it in refused.items()
    )
    if len(refused) > 1:
        first.detail = f"{len(refused)} operations are refused, and none was made; see errors. {first.detail}"
    return first


class NothingToUndo(Conflict):
    """There was no clear, removal or merge in the last 24 hours, or it is undone already."""

    code, title = "nothing-to-undo", "Nothing to undo"


class IdempotencyKeyReused(InvalidInput):
    """The key came with another request before (draft-ietf-httpapi-idempotency-key-header, section 2.6)."""

    code, title = "idempotency-key-reused", "Idempotency key reused"
