"""What a refused `If-Match` is told, described."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cart_service.carts.differences import Differing
from cart_service.carts.lines import MAX_PRICES
from cart_service.carts.schemas import EMPTY_CART, CartPublic, UnitPricePublic
from cart_service.carts.service import CartChanged
from cart_service.fields import EXAMPLE_PRODUCT_ID, ProductId
from cart_service.limits import MAX_LINES
from shared.http.models import LARGEST_INTEGER, PublicModel
from shared.http.problem_schemas import Problem
from shared.http.responses import problem_responses

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

    product_id: Annotated[ProductId | None, Field(description="Null where it is about the whole cart.")]
    field: Annotated[
        Differing,
        Field(
            description="Of the product's line in the cart, or (`saved_…`) of the one saved for later. A"
            " quantity is 0 where there is no line; then nothing else of the line is told. `prices` are those"
            " when pieces were added, null where there is one."
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
            description="What differs between the newest version that `If-Match` names and `cart`. Empty"
            " where all that was changed was changed back, and where only prices and stock in the catalogue"
            " or what can be undone are others. Null where the version is too long ago, or never was.",
            examples=[[_DIFFERENCE]],
        ),
    ]


def cart_changed_response() -> dict[int | str, dict[str, Any]]:
    """`responses=` for a 412, with the present cart and what differs from the one that the client knows."""
    members = {"cart": EMPTY_CART, "differences": [_DIFFERENCE]}
    return problem_responses(CartChanged, model=CartChangedProblem, members=members)
