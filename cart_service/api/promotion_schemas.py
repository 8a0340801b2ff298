"""Bodies about promotions and promo codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
)

from cart_service.api.fields import PRODUCT_ID_PATTERN, ProductId
from cart_service.domain.lines import MAX_QUANTITY
from cart_service.domain.promotions import (
    CODE_PATTERN,
    Benefit,
    Conditions,
    FixedAmount,
    FreeItem,
    Percentage,
    Promotion,
    PromotionKind,
    PromotionStatus,
)
from shared.http.models import WHOLE, Moment, Page, PublicModel, StrictModel

_LINE = r"^[^\x00-\x1f\x7f]*$"
_LARGEST_AMOUNT = 10**12


Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=CODE_PATTERN),
    AfterValidator(str.upper),
    Field(description="Letters, digits, _ and -; lower case is the same.", examples=["SPRING10"]),
]
Category = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_LINE)
]
UserId = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$", examples=["0198c7e2f0a87c3e9d1b5a4f6e2c8d70"])]
OrderId = Annotated[str, Field(pattern="^[A-Za-z0-9._:-]{1,64}$", examples=["2026-000042"])]


class PromoCodePut(StrictModel):
    code: Code


class _PromotionCreate(StrictModel):
    code: Code
    description: Annotated[
        str,
        StringConstraints(max_length=500, pattern=_LINE),
        Field(description="For people; carts show it.", examples=["Ten per cent in spring"]),
    ] = ""
    minimum_spend: Annotated[
        int,
        Field(ge=0, le=_LARGEST_AMOUNT, description="In minor units, of what counts.", examples=[2000]),
        WHOLE,
    ] = 0
    categories: Annotated[
        list[Category],
        Field(max_length=20, description="Only products of one of them count; none: all.", examples=[[]]),
    ] = Field(default_factory=list)
    starts_at: Annotated[Moment | None, Field(description="Null: at once.")] = None
    ends_at: Annotated[Moment | None, Field(description="Null: when it is ended.")] = None
    per_user_limit: Annotated[
        int | None, Field(ge=1, le=10**6, description="Uses of one customer; null: any.", examples=[1]), WHOLE
    ] = None
    total_limit: Annotated[
        int | None,
        Field(ge=1, le=10**9, description="Uses of all customers; null: any.", examples=[100]),
        WHOLE,
    ] = None
    currency: Annotated[
        str | None, Field(pattern="^[A-Z]{3}$", description="ISO 4217. Default: that of the shop.")
    ] = None

    def _promotion(self, benefit: Benefit, shop_currency: str, now: datetime) -> Promotion:
        conditions = Conditions(
            minimum_spend=self.minimum_spend,
            categories=tuple(dict.fromkeys(self.categories)),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            per_user_limit=self.per_user_limit,
            total_limit=self.total_limit,
        )
        currency = self.currency or shop_currency
        return Promotion(self.code, benefit, conditions, currency, self.description, now)


class PercentageCreate(_PromotionCreate):
    """Takes a percentage off."""

    kind: Literal["percentage"]
    percent: Annotated[int, Field(ge=1, le=100, description="Per cent to take off.", examples=[10]), WHOLE]

    def draft(self, shop_currency: str, now: datetime) -> Promotion:
        return self._promotion(Percentage(self.percent), shop_currency, now)


class FixedCreate(_PromotionCreate):
    """Takes an amount off."""

    kind: Literal["fixed"]
    amount: Annotated[
        int, Field(ge=1, le=_LARGEST_AMOUNT, description="In minor units.", examples=[500]), WHOLE
    ]

    def draft(self, shop_currency: str, now: datetime) -> Promotion:
        return self._promotion(FixedAmount(self.amount), shop_currency, now)


class FreeItemCreate(_PromotionCreate):
    """Makes pieces of a product free that are in the cart."""

    kind: Literal["free_item"]
    product_id: ProductId
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, description="Free pieces at most."), WHOLE] = 1

    def draft(self, shop_currency: str, now: datetime) -> Promotion:
        return self._promotion(FreeItem(self.product_id, self.quantity), shop_currency, now)


PromotionCreate = Annotated[PercentageCreate | FixedCreate | FreeItemCreate, Field(discriminator="kind")]


class PromotionPublic(PublicModel):
    """A promotion as it is now."""

    code: Annotated[str, Field(examples=["SPRING10"])]
    kind: PromotionKind
    percent: Annotated[int | None, Field(description="Of a percentage; else null.")]
    amount: Annotated[int | None, Field(description="Of a fixed amount, in minor units; else null.")]
    product_id: Annotated[
        str | None, Field(pattern=PRODUCT_ID_PATTERN, description="Of a free item; else null.")
    ]
    quantity: Annotated[int | None, Field(description="Of a free item; else null.")]
    minimum_spend: Annotated[int, Field(description="In minor units; 0: none.")]
    categories: Annotated[list[str], Field(description="None: all products count.")]
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    per_user_limit: int | None
    total_limit: int | None
    currency: Annotated[str, Field(examples=["USD"])]
    description: str
    status: Annotated[PromotionStatus, Field(description="At this moment.")]
    created_at: AwareDatetime
    ended_at: Annotated[AwareDatetime | None, Field(description="When it was ended by hand.")]
    version: Annotated[int, Field(ge=1)]


class UsesPublic(PublicModel):
    reserved: Annotated[
        int, Field(ge=0, description="Carts with the code; without `total_limit`, about a second old.")
    ]
    final: Annotated[int, Field(ge=0, description="Orders placed with it.")]


class PromotionWithUses(PromotionPublic):
    uses: UsesPublic


class PromotionPage(Page[PromotionPublic]):
    """One page of promotions."""


class UseCreate(StrictModel):
    user_id: Annotated[UserId, Field(description="Who has ordered.")]
    order_id: Annotated[OrderId, Field(description="Your own number of the order.")]


class UsePublic(BaseModel):
    """A use that is final."""

    code: str
    user_id: UserId
    order_id: OrderId
