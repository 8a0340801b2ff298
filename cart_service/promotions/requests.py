"""Bodies of requests about promotions and promo codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from cart_service.fields import USER_ID_PATTERN, Currency, ProductId
from cart_service.limits import MAX_QUANTITY
from cart_service.promotions.model import Benefit, Conditions, FixedAmount, FreeItem, Percentage, Promotion
from shared.http.models import WHOLE, Moment, StrictModel

_LINE = r"^[^\x00-\x1f\x7f]*$"
_VISIBLE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
LARGEST_DISCOUNT = 10**12
MOST_PER_USER, MOST_IN_ALL = 10**6, 10**9
MOST_CATEGORIES = 20
START, END = "2026-03-01T00:00:00Z", "2126-06-01T00:00:00Z"
Code = Annotated[
    str,
    StringConstraints(max_length=100, pattern=r"^[ \t\r\n]*[A-Za-z0-9_-]{3,40}[ \t\r\n]*$"),
    AfterValidator(str.strip),
    AfterValidator(str.upper),
    Field(
        description="3 to 40 letters, digits, _ and -. Case does not matter, and blanks around it go.",
        examples=["SPRING10"],
    ),
]
Category = Annotated[str, StringConstraints(max_length=100, pattern=_VISIBLE_LINE), AfterValidator(str.strip)]
UserId = Annotated[
    str,
    Field(
        max_length=64,
        pattern=USER_ID_PATTERN,
        description="Id of a user.",
        examples=["0198c7e2f0a87c3e9d1b5a4f6e2c8d70"],
    ),
]
OrderId = Annotated[
    str,
    Field(
        max_length=64,
        pattern="^[A-Za-z0-9._:-]{1,64}$",
        description="Your own number of the order.",
        examples=["2026-000042"],
    ),
]
MinimumSpend = Annotated[
    int,
    Field(
        ge=0,
        le=LARGEST_DISCOUNT,
        description="Smallest sum of the eligible lines, in minor units of `currency`; 0: none.",
        examples=[2000],
    ),
    WHOLE,
]
CATEGORIES = Field(
    max_length=MOST_CATEGORIES,
    description="Only products in one of these categories are eligible; none: all products.",
    examples=[["Kitchen"]],
)
STARTS_AT = Field(description="Start of its validity; null: at once.", examples=[START])
ENDS_AT = Field(description="End of its validity; null: until it is ended by hand.", examples=[END])
PerUserLimit = Annotated[
    int | None,
    Field(ge=1, le=MOST_PER_USER, description="Most uses of one customer; null: any number.", examples=[1]),
    WHOLE,
]
TotalLimit = Annotated[
    int | None,
    Field(
        ge=1,
        le=MOST_IN_ALL,
        description="Most uses of all customers together; null: any number.",
        examples=[1000],
    ),
    WHOLE,
]


class PromoCodePut(StrictModel):
    """The code to put on the cart."""

    code: Code


class _PromotionCreate(StrictModel):
    code: Code
    description: Annotated[
        str,
        StringConstraints(max_length=500, pattern=_LINE),
        Field(description="A text for people; carts show it.", examples=["Ten per cent in spring"]),
    ] = ""
    minimum_spend: MinimumSpend = 0
    categories: Annotated[list[Category], CATEGORIES] = Field(default_factory=list)
    starts_at: Annotated[Moment | None, STARTS_AT] = None
    ends_at: Annotated[Moment | None, ENDS_AT] = None
    per_user_limit: PerUserLimit = None
    total_limit: TotalLimit = None
    currency: Annotated[
        Currency | None,
        Field(description="Has to be the shop's currency (ISO 4217); null: the shop's.", examples=["USD"]),
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

    kind: Annotated[Literal["percentage"], Field(description="A percentage off.")]
    percent: Annotated[
        int,
        Field(ge=1, le=100, description="Per cent of the discount: 10 is 10 %.", examples=[10]),
        WHOLE,
    ]

    def draft(self, shop_currency: str, now: datetime) -> Promotion:
        return self._promotion(Percentage(self.percent), shop_currency, now)


class FixedCreate(_PromotionCreate):
    """Takes an amount off."""

    kind: Annotated[Literal["fixed"], Field(description="An amount off.")]
    amount: Annotated[
        int,
        Field(
            ge=1,
            le=LARGEST_DISCOUNT,
            description="The discount, in minor units of `currency`: 500 is 5.00.",
            examples=[500],
        ),
        WHOLE,
    ]

    def draft(self, shop_currency: str, now: datetime) -> Promotion:
        return self._promotion(FixedAmount(self.amount), shop_currency, now)


class FreeItemCreate(_PromotionCreate):
    """Makes pieces of a product in the cart free."""

    kind: Annotated[Literal["free_item"], Field(description="Free pieces of a product.")]
    product_id: ProductId
    quantity: Annotated[
        int,
        Field(ge=1, le=MAX_QUANTITY, description="The largest number of free pieces.", examples=[1]),
        WHOLE,
    ] = 1

    def draft(self, shop_currency: str, now: datetime) -> Promotion:
        return self._promotion(FreeItem(self.product_id, self.quantity), shop_currency, now)


PromotionCreate = Annotated[PercentageCreate | FixedCreate | FreeItemCreate, Field(discriminator="kind")]


class UseCreate(StrictModel):
    """The order that used a code."""

    user_id: Annotated[UserId, Field(description="The user who has ordered.")]
    order_id: OrderId
