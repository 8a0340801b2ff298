"""Bodies of requests and answers. Answers are rendered by the use cases; these models describe them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from cart_service.domain.cart import MAX_LINES, MAX_QUANTITY
from cart_service.domain.operations import AddItem, AnyOperation, ClearCart, RemoveItem, SetQuantity
from cart_service.domain.pricing import Availability, NoticeType
from shared.http.models import StrictModel

PRODUCT_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"

ProductId = Annotated[
    str,
    Field(
        pattern=PRODUCT_ID_PATTERN,
        description="Id of a product, from the catalogue.",
        examples=["p3f2b8c1d9e0a4756b1c2d3e4f5a6b7c"],
    ),
]
Money = Annotated[int, Field(description="In minor units of `currency`.", examples=[1299])]


AddedQuantity = Annotated[
    int, Field(ge=1, le=MAX_QUANTITY, description="Pieces to add to the line.", examples=[2])
]
NewQuantity = Annotated[
    int, Field(ge=0, le=MAX_QUANTITY, description="The line's new quantity; 0 removes it.", examples=[3])
]


class ItemAdd(StrictModel):
    product_id: ProductId
    quantity: AddedQuantity = 1


class QuantitySet(StrictModel):
    quantity: NewQuantity


class AddOperation(StrictModel):
    op: Literal["add"]
    product_id: ProductId
    quantity: AddedQuantity = 1

    def to_domain(self) -> AnyOperation:
        return AddItem(self.product_id, self.quantity)


class SetOperation(StrictModel):
    op: Literal["set"]
    product_id: ProductId
    quantity: NewQuantity

    def to_domain(self) -> AnyOperation:
        return SetQuantity(self.product_id, self.quantity)


class RemoveOperation(StrictModel):
    op: Literal["remove"]
    product_id: ProductId

    def to_domain(self) -> AnyOperation:
        return RemoveItem(self.product_id)


class ClearOperation(StrictModel):
    op: Literal["clear"]

    def to_domain(self) -> AnyOperation:
        return ClearCart()


OperationIn = Annotated[
    AddOperation | SetOperation | RemoveOperation | ClearOperation, Field(discriminator="op")
]


class CartUpdate(StrictModel):
    operations: Annotated[
        list[OperationIn],
        Field(min_length=1, max_length=MAX_LINES, description="Applied in order: all of them, or none."),
    ]


class NoticePublic(BaseModel):
    type: Annotated[NoticeType, Field(description="What happened.")]
    product_id: ProductId
    message: Annotated[
        str,
        Field(
            description="For people, in English.",
            examples=["Mug costs 12.99 USD now; it cost 10.99 USD when it was added."],
        ),
    ]


class SummaryItemPublic(BaseModel):
    product_id: ProductId
    name: Annotated[str, Field(description="Name now.", examples=["Mug"])]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, description="Pieces.")]
    unit_price: Annotated[Money, Field(description="Price of a piece now; of a gone one, when it was added.")]
    line_total: Annotated[Money, Field(description="`unit_price` times `quantity`; 0 when gone.")]
    discount: Annotated[Money, Field(description="What a discount takes off this line.")]
    availability: Annotated[
        Availability,
        Field(
            description="`short`: the line asks for more than is in stock, and counts in full: stock is"
            " checked when the order is placed. `gone`: not for sale any more, does not count."
        ),
    ]


class CartItemPublic(SummaryItemPublic):
    image_url: Annotated[str | None, Field(description="Picture now, if it has one.")]
    unit_price_when_added: Annotated[Money, Field(description="Price of a piece when the line was added.")]
    added_at: Annotated[AwareDatetime, Field(description="When the line was added.")]


class TotalsPublic(BaseModel):
    version: Annotated[int, Field(ge=0, description="Counts the writes that changed the cart.")]
    item_count: Annotated[int, Field(description="Pieces; those of gone lines do not count.")]
    line_count: Annotated[int, Field(le=MAX_LINES, description="Lines, gone ones too.")]
    subtotal: Annotated[Money, Field(description="Sum of the lines' totals.")]
    discount: Annotated[Money, Field(description="Sum of all discounts.")]
    total: Annotated[Money, Field(description="What the cart costs: `subtotal` less `discount`.")]
    currency: Annotated[str, Field(description="ISO 4217.", examples=["USD"])]
    notices: Annotated[list[NoticePublic], Field(description="What changed since lines were added.")]


class CartPublic(TotalsPublic):
    items: Annotated[list[CartItemPublic], Field(description="Lines, in the order of adding.")]
    updated_at: Annotated[AwareDatetime | None, Field(description="When the cart was changed last.")]


class SummaryPublic(TotalsPublic):
    items: Annotated[list[SummaryItemPublic], Field(description="Lines, in the order of adding.")]
