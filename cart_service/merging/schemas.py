"""Bodies of a merge."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import BaseModel, Field

from cart_service.carts.records import MergeLimit, MergeOutcome, MergeRecord, MergeStrategy
from cart_service.carts.schemas import CartPublic
from cart_service.fields import ProductId
from cart_service.limits import MAX_LINES, MAX_QUANTITY
from shared.http.models import StrictModel

StrategyField = Annotated[
    MergeStrategy,
    Field(
        strict=False,
        description="The quantity of a product that is in both carts: `sum` of both, `max` of both,"
        " `mine` (of this cart), or the `guest`'s. Every other line of either cart stays.",
    ),
]
DryRunField = Annotated[bool, Field(description="Only show the outcome of each line.")]


class CartMerge(StrictModel):
    """The guest whose cart is merged, and the strategy."""

    guest_token: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4096,
            description="An access token of the guest whose cart is merged. It has not expired; the guest's"
            " session may have ended with the sign-in.",
            examples=["eyJhbGciOiJFUzI1NiJ9…"],
        ),
    ]
    strategy: StrategyField = MergeStrategy.SUM
    dry_run: DryRunField = False


Pieces = Annotated[int, Field(ge=0, le=MAX_QUANTITY, examples=[2])]


class MergedLinePublic(BaseModel):
    """The outcome of one line of the guest's cart."""

    product_id: ProductId
    quantity_mine: Annotated[Pieces, Field(description="Pieces in this cart before.")]
    quantity_guest: Annotated[Pieces, Field(description="Pieces in the guest's cart.")]
    quantity: Annotated[Pieces, Field(description="Pieces in this cart after the merge.")]
    outcome: Annotated[
        MergeOutcome, Field(description="`kept`: this cart's line is as before; `skipped`: there is none.")
    ]
    limited_by: Annotated[
        MergeLimit | None, Field(description="The limit that the quantity of the strategy exceeds, or null.")
    ]


class MergePublic(BaseModel):
    """The outcome of a merge, and the cart after it."""

    merge_id: Annotated[
        str | None,
        Field(
            max_length=64,
            description="Id of the merge, the same for each repetition; null without a merge.",
            examples=["0198c7e2f0a87c3e9d1b5a4f6e2c8d70"],
        ),
    ]
    strategy: StrategyField
    dry_run: DryRunField
    lines: Annotated[
        list[MergedLinePublic],
        Field(
            max_length=MAX_LINES,
            description="The outcome of each line of the guest's; a repeat after another merge has none.",
        ),
    ]
    cart: Annotated[CartPublic, Field(description="This cart after the merge.")]

    @staticmethod
    def json_of(request: CartMerge, record: MergeRecord | None, cart: bytes) -> bytes:
        """The answer, with the rendered cart."""
        return orjson.dumps(
            {
                "merge_id": record.merge_id if record and not request.dry_run else None,
                "strategy": record.strategy if record else request.strategy,
                "dry_run": request.dry_run,
                "lines": record.report if record else [],
                "cart": orjson.Fragment(cart),
            }
        )
