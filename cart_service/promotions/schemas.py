"""Bodies of answers about promotions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from cart_service.fields import PRODUCT_ID_PATTERN, Currency
from cart_service.limits import MAX_QUANTITY
from cart_service.promotions.definitions import definition_of
from cart_service.promotions.model import PromotionKind, PromotionStatus
from cart_service.promotions.requests import (
    CATEGORIES,
    ENDS_AT,
    LARGEST_DISCOUNT,
    STARTS_AT,
    MinimumSpend,
    OrderId,
    PerUserLimit,
    TotalLimit,
    UserId,
)
from cart_service.promotions.service import PromotionDetails
from shared.http.models import LARGEST_INTEGER, AwareTimestamp, Page, PublicModel, Version


class PromotionPublic(PublicModel):
    """A promotion as it is now."""

    code: Annotated[
        str, Field(max_length=40, description="The code that customers enter.", examples=["SPRING10"])
    ]
    kind: Annotated[PromotionKind, Field(description="The kind of its benefit.", examples=["percentage"])]
    percent: Annotated[
        int | None,
        Field(ge=1, le=100, description="Per cent off, of the kind `percentage`; else null.", examples=[10]),
    ]
    amount: Annotated[
        int | None,
        Field(
            ge=1,
            le=LARGEST_DISCOUNT,
            description="Minor units of `currency` off, of the kind `fixed`; else null.",
            examples=[None],
        ),
    ]
    product_id: Annotated[
        str | None,
        Field(
            max_length=64,
            pattern=PRODUCT_ID_PATTERN,
            description="The product that is free, of the kind `free_item`; else null.",
            examples=[None],
        ),
    ]
    quantity: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_QUANTITY,
            description="The largest number of free pieces, of the kind `free_item`; else null.",
            examples=[None],
        ),
    ]
    minimum_spend: MinimumSpend
    categories: Annotated[list[Annotated[str, Field(max_length=100)]], CATEGORIES]
    starts_at: Annotated[AwareTimestamp | None, STARTS_AT]
    ends_at: Annotated[AwareTimestamp | None, ENDS_AT]
    per_user_limit: PerUserLimit
    total_limit: TotalLimit
    currency: Currency
    description: Annotated[
        str, Field(max_length=500, description="A text for people.", examples=["Ten per cent in spring"])
    ]
    status: Annotated[PromotionStatus, Field(description="Its present status.", examples=["active"])]
    created_at: Annotated[AwareTimestamp, Field(description="When it was added.")]
    ended_at: Annotated[
        AwareTimestamp | None,
        Field(description="When it was ended by hand; null if it was not.", examples=[None]),
    ]
    version: Annotated[Version, Field(description="Increases by one with each change.")]


class UsesPublic(PublicModel):
    """The number of uses of a promotion."""

    reserved: Annotated[
        int,
        Field(
            ge=0,
            le=LARGEST_INTEGER,
            description="Carts with the code; without `total_limit`, about a second old.",
            examples=[12],
        ),
    ]
    final: Annotated[int, Field(ge=0, le=LARGEST_INTEGER, description="Orders placed with it.", examples=[3])]


class PromotionWithUses(PromotionPublic):
    """A promotion as it is now, and the number of its uses."""

    uses: Annotated[UsesPublic, Field(description="The number of its uses.")]


class PromotionPage(Page[PromotionPublic]):
    """One page of promotions."""


class UsePublic(BaseModel):
    """A final use."""

    code: Annotated[str, Field(max_length=40, description="Code of the promotion.", examples=["SPRING10"])]
    user_id: Annotated[UserId, Field(description="The user who has ordered.")]
    order_id: OrderId


_BENEFITS = dict.fromkeys(("percent", "amount", "product_id", "quantity"))


def promotion_json(details: PromotionDetails) -> dict[str, Any]:
    """The body of `PromotionPublic`, or of `PromotionWithUses` if the uses were read."""
    body = {**_BENEFITS, **definition_of(details.promotion), "status": details.status}
    return body | ({"uses": details.uses} if details.uses else {})
