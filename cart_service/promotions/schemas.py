"""What is told about promotions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from cart_service.fields import PRODUCT_ID_PATTERN, Currency
from cart_service.limits import MAX_QUANTITY
from cart_service.promotions.model import PromotionKind, PromotionStatus
from cart_service.promotions.requests import (
    END,
    LARGEST_DISCOUNT,
    MOST_CATEGORIES,
    MOST_IN_ALL,
    MOST_PER_USER,
    START,
    OrderId,
    UserId,
)
from shared.http.models import LARGEST_INTEGER, AwareTimestamp, Page, PublicModel, Version


class PromotionPublic(PublicModel):
    """A promotion as it is now."""

    code: Annotated[str, Field(max_length=40, description="What customers give.", examples=["SPRING10"])]
    kind: Annotated[PromotionKind, Field(description="What it gives.", examples=["percentage"])]
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
            description="Pieces that are free at most, of the kind `free_item`; else null.",
            examples=[None],
        ),
    ]
    minimum_spend: Annotated[
        int,
        Field(
            ge=0,
            le=LARGEST_DISCOUNT,
            description="Least sum of the lines that count, in minor units of `currency`; 0: none.",
            examples=[2000],
        ),
    ]
    categories: Annotated[
        list[Annotated[str, Field(max_length=100)]],
        Field(
            max_length=MOST_CATEGORIES,
            description="Only products in one of these categories count; none: all products.",
            examples=[["Kitchen"]],
        ),
    ]
    starts_at: Annotated[
        AwareTimestamp | None, Field(description="From when on it works; null: at once.", examples=[START])
    ]
    ends_at: Annotated[
        AwareTimestamp | None,
        Field(description="Until when it works; null: until it is ended by hand.", examples=[END]),
    ]
    per_user_limit: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST_PER_USER,
            description="Uses of one customer at most; null: any number.",
            examples=[1],
        ),
    ]
    total_limit: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST_IN_ALL,
            description="Uses of all customers together at most; null: any number.",
            examples=[1000],
        ),
    ]
    currency: Currency
    description: Annotated[
        str, Field(max_length=500, description="For people.", examples=["Ten per cent in spring"])
    ]
    status: Annotated[PromotionStatus, Field(description="How it is at this moment.", examples=["active"])]
    created_at: Annotated[AwareTimestamp, Field(description="When it was added.")]
    ended_at: Annotated[
        AwareTimestamp | None,
        Field(description="When it was ended by hand; null if it was not.", examples=[None]),
    ]
    version: Annotated[Version, Field(description="Grows by one with each change.")]


class UsesPublic(PublicModel):
    """How often a promotion is used."""

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
    """A promotion as it is now, and how often it is used."""

    uses: Annotated[UsesPublic, Field(description="How often it is used.")]


class PromotionPage(Page[PromotionPublic]):
    """One page of promotions."""


class UsePublic(BaseModel):
    """A use that is final."""

    code: Annotated[str, Field(max_length=40, description="Code of the promotion.", examples=["SPRING10"])]
    user_id: Annotated[UserId, Field(description="Who has ordered.")]
    order_id: OrderId
