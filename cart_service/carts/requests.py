"""Bodies of requests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cart_service.carts.operations import (
    AddItem,
    ClearCart,
    DiscardSaved,
    Operation,
    RemoveItem,
    RestoreSaved,
    SaveForLater,
    SetQuantity,
)
from cart_service.fields import EXAMPLE_PRODUCT_ID, ProductId
from cart_service.limits import MAX_LINES, MAX_QUANTITY
from shared.http.models import WHOLE, StrictModel

AddedQuantity = Annotated[
    int, Field(ge=1, le=MAX_QUANTITY, description="Pieces to add to the line.", examples=[2]), WHOLE
]
NewQuantity = Annotated[
    int,
    Field(ge=0, le=MAX_QUANTITY, description="The line's new quantity; 0 removes it.", examples=[3]),
    WHOLE,
]
OP = Field(description="What to do.")


class ItemAdd(StrictModel):
    """What to add."""

    product_id: ProductId
    quantity: AddedQuantity = 1


class QuantitySet(StrictModel):
    """How many pieces the line is to have."""

    quantity: NewQuantity


class AddOperation(StrictModel):
    """Adds to the line of the product, or starts one."""

    op: Annotated[Literal["add"], OP]
    product_id: ProductId
    quantity: AddedQuantity = 1

    def to_domain(self) -> Operation:
        return AddItem(self.product_id, self.quantity)


class SetOperation(StrictModel):
    """Sets the line to a quantity; 0 removes it."""

    op: Annotated[Literal["set"], OP]
    product_id: ProductId
    quantity: NewQuantity

    def to_domain(self) -> Operation:
        return SetQuantity(self.product_id, self.quantity)


class RemoveOperation(StrictModel):
    """Removes the line. If there is none, nothing changes."""

    op: Annotated[Literal["remove"], OP]
    product_id: ProductId

    def to_domain(self) -> Operation:
        return RemoveItem(self.product_id)


class ClearOperation(StrictModel):
    """Removes every line."""

    op: Annotated[Literal["clear"], OP]

    def to_domain(self) -> Operation:
        return ClearCart()


class SaveOperation(StrictModel):
    """Moves the line to those saved for later."""

    op: Annotated[Literal["save"], OP]
    product_id: ProductId

    def to_domain(self) -> Operation:
        return SaveForLater(self.product_id)


class RestoreOperation(StrictModel):
    """Moves the line back from those saved for later."""

    op: Annotated[Literal["restore"], OP]
    product_id: ProductId

    def to_domain(self) -> Operation:
        return RestoreSaved(self.product_id)


class DiscardOperation(StrictModel):
    """Removes the line from those saved for later."""

    op: Annotated[Literal["discard"], OP]
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
    """Changes that are made together."""

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
