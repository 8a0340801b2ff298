"""Bodies of requests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cart_service.api.fields import EXAMPLE_PRODUCT_ID, ProductId
from cart_service.domain.lines import MAX_LINES, MAX_QUANTITY
from cart_service.domain.operations import (
    AddItem,
    ClearCart,
    DiscardSaved,
    Operation,
    RemoveItem,
    RestoreSaved,
    SaveForLater,
    SetQuantity,
)
from shared.http.models import StrictModel

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

    def to_domain(self) -> Operation:
        return AddItem(self.product_id, self.quantity)


class SetOperation(StrictModel):
    op: Literal["set"]
    product_id: ProductId
    quantity: NewQuantity

    def to_domain(self) -> Operation:
        return SetQuantity(self.product_id, self.quantity)


class RemoveOperation(StrictModel):
    op: Literal["remove"]
    product_id: ProductId

    def to_domain(self) -> Operation:
        return RemoveItem(self.product_id)


class ClearOperation(StrictModel):
    op: Literal["clear"]

    def to_domain(self) -> Operation:
        return ClearCart()


class SaveOperation(StrictModel):
    """Moves the line to those saved for later."""

    op: Literal["save"]
    product_id: ProductId

    def to_domain(self) -> Operation:
        return SaveForLater(self.product_id)


class RestoreOperation(StrictModel):
    """Moves the line back from those saved for later."""

    op: Literal["restore"]
    product_id: ProductId

    def to_domain(self) -> Operation:
        return RestoreSaved(self.product_id)


class DiscardOperation(StrictModel):
    """Removes the line from those saved for later."""

    op: Literal["discard"]
    product_id: ProductId

    def to_domain(self) -> Operation:
        return DiscardSaved(self.product_id)


OperationIn = Annotated[
    AddOperation
    | SetOperation
    | RemoveOperation
    | ClearOperation
    | SaveOperation
    | RestoreOperation
    | DiscardOperation,
    Field(discriminator="op"),
]


class CartUpdate(StrictModel):
    operations: Annotated[
        list[OperationIn],
        Field(
            min_length=1,
            max_length=MAX_LINES,
            description="Applied in order: all of them, or none.",
            examples=[
                [
                    {"op": "add", "product_id": EXAMPLE_PRODUCT_ID, "quantity": 2},
                    {"op": "save", "product_id": EXAMPLE_PRODUCT_ID},
                ]
            ],
        ),
    ]
