"""Bodies of answers. The models describe what `rendering` and, for a line, their own `json_of` make."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, Field

from cart_service.carts.lines import MAX_PRICES
from cart_service.carts.priced_cart import Availability, NoticeType, PricedLine
from cart_service.carts.undo import Undoable
from cart_service.fields import Currency, Money, ProductId
from cart_service.limits import MAX_LINES, MAX_QUANTITY
from cart_service.promotions.discounts import Reason
from shared.http.models import LARGEST_INTEGER, AwareTimestamp, Message

MOST_NOTICES = 2 * MAX_LINES + 1
"""One of the price and one of the stock for each line, and one of the promo code."""

SUMMARY_FORMAT = b"2"
"""Count it up if the JSON of a summary changes, or the head in the cache (`CachedSummary`). A release builds
summaries again that have another format."""

EMPTY_CART: dict[str, Any] = {
    "version": 18274421,
    "items": [],
    "item_count": 0,
    "line_count": 0,
    "subtotal": 0,
    "discount": 0,
    "total": 0,
    "currency": "USD",
    "promo_code": None,
    "notices": [],
    "saved_for_later": [],
    "undo": None,
    "updated_at": None,
}
"""An example of `CartPublic`."""

_NAME_LENGTH, _URL_LENGTH, _CODE_LENGTH = 200, 2048, 40


class NoticePublic(BaseModel):
    """Something that the owner should see before buying."""

    type: Annotated[NoticeType, Field(description="What happened.", examples=["price_changed"])]
    product_id: Annotated[ProductId | None, Field(description="Null if it is about the whole cart.")]
    message: Annotated[
        Message,
        Field(
            description="For people, in English.",
            examples=["Mug costs 12.99 USD now; it cost 10.99 USD when it was added."],
        ),
    ]


class UnitPricePublic(BaseModel):
    """Pieces of a line at one price."""

    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, description="Pieces at this price.", examples=[1])]
    unit_price: Annotated[
        Money, Field(description="What each of them costs in this cart, in minor units of `currency`.")
    ]


class SummaryItemPublic(BaseModel):
    """A line, as far as a badge or a checkout page needs it."""

    product_id: ProductId
    name: Annotated[
        str, Field(max_length=_NAME_LENGTH, description="Name of the product now.", examples=["Mug"])
    ]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, description="Pieces.", examples=[2])]
    unit_price: Annotated[
        Money,
        Field(
            description="What a piece costs in this cart, in minor units of `currency`: the price now, unless"
            " the shop's price policy still holds the one when it was added. If pieces cost different"
            " prices, that of the pieces added last. Of a gone product, the price when it was added."
        ),
    ]
    prices: Annotated[
        list[UnitPricePublic],
        Field(
            max_length=MAX_PRICES,
            description="What the pieces cost, if the shop holds prices and they were added at different"
            " ones. Those added first come first. If the quantity is lowered, those added last go first."
            " Empty if each costs `unit_price`.",
            examples=[[]],
        ),
    ]
    line_total: Annotated[
        Money,
        Field(
            description="`unit_price` times `quantity`, or what `prices` add up to if there are any, in minor"
            " units of `currency`; 0 when gone."
        ),
    ]
    discount: Annotated[
        Money, Field(description="What the promo code takes off this line, in minor units of `currency`.")
    ]
    discount_explanation: Annotated[
        Message | None,
        Field(description="Why, in English; null without a discount.", examples=["10 % off with SPRING10."]),
    ]
    availability: Annotated[
        Availability,
        Field(
            description="`short`: the line asks for more than is in stock, and counts in full: stock is"
            " checked when the order is placed. `gone`: not for sale any more, does not count.",
            examples=["in_stock"],
        ),
    ]

    @staticmethod
    def json_of(line: PricedLine) -> bytes:
        return _compact(
            {
                "product_id": line.product_id,
                "name": line.product.name,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "prices": line.prices,
                "line_total": line.line_total,
                "discount": line.discount,
                "discount_explanation": line.discount_explanation,
                "availability": line.availability,
            }
        )


class CartItemPublic(SummaryItemPublic):
    """A line of the cart."""

    image_url: Annotated[
        str | None,
        Field(
            max_length=_URL_LENGTH,
            description="Address of the picture now; null without one.",
            examples=["/images/mug.webp"],
        ),
    ]
    unit_price_now: Annotated[
        Money, Field(description="Price of a piece in the catalogue now, in minor units of `currency`.")
    ]
    unit_price_when_added: Annotated[
        Money,
        Field(
            description="Price of a piece when the line was added, or acknowledged last, in minor units of"
            " `currency`; of the pieces added first, if there are several prices."
        ),
    ]
    added_at: Annotated[AwareTimestamp, Field(description="When the line was added.")]

    @staticmethod
    def json_of(line: PricedLine) -> bytes:
        return _compact(
            {
                "product_id": line.product_id,
                "name": line.product.name,
                "image_url": line.product.image_url,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "unit_price_now": line.unit_price_now,
                "unit_price_when_added": line.unit_price_when_added,
                "prices": line.prices,
                "line_total": line.line_total,
                "discount": line.discount,
                "discount_explanation": line.discount_explanation,
                "availability": line.availability,
                "added_at": line.added_at,
            }
        )


def _compact(value: dict[str, Any]) -> bytes:
    """Without the spare memory of orjson's answer, which keeps the 4 kB that it began with."""
    return bytes(memoryview(orjson.dumps(value)))


class PromoCodePublic(BaseModel):
    """The promo code on the cart, and what it does."""

    code: Annotated[
        str, Field(max_length=_CODE_LENGTH, description="The code on the cart.", examples=["SPRING10"])
    ]
    description: Annotated[
        str,
        Field(
            max_length=500,
            description="Description of the promotion.",
            examples=["Ten per cent in spring"],
        ),
    ]
    counts: Annotated[bool, Field(description="Whether it works now. It may work later.")]
    discount: Annotated[Money, Field(description="What it takes off the cart, in minor units of `currency`.")]
    reason: Annotated[Reason | None, Field(description="Why it does not count; null if it does.")]
    message: Annotated[
        Message, Field(description="What it does, in English.", examples=["10 % off with SPRING10."])
    ]
    missing_spend: Annotated[
        Money | None,
        Field(
            description="How much more the lines have to cost, in minor units of `currency`, if that is the"
            " reason; else null."
        ),
    ]


class TotalsPublic(BaseModel):
    version: Annotated[
        int,
        Field(
            ge=0,
            le=LARGEST_INTEGER,
            description="Grows with each write that changes what the cart shows.",
            examples=[18274421],
        ),
    ]
    item_count: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_LINES * MAX_QUANTITY,
            description="Pieces in all; those of gone lines do not count.",
            examples=[2],
        ),
    ]
    line_count: Annotated[
        int, Field(ge=0, le=MAX_LINES, description="Number of lines, gone ones too.", examples=[1])
    ]
    subtotal: Annotated[Money, Field(description="Sum of the lines' totals, in minor units of `currency`.")]
    discount: Annotated[Money, Field(description="Sum of all discounts, in minor units of `currency`.")]
    total: Annotated[
        Money,
        Field(description="What the cart costs, in minor units of `currency`: `subtotal` less `discount`."),
    ]
    currency: Currency
    promo_code: Annotated[PromoCodePublic | None, Field(description="The promo code, if there is one.")]
    notices: Annotated[
        list[NoticePublic],
        Field(max_length=MOST_NOTICES, description="What changed after lines were added."),
    ]


class UndoPublic(BaseModel):
    """The last operation that can be undone."""

    operation: Annotated[Undoable, Field(description="What `POST /undo` undoes.", examples=["clear"])]
    until: Annotated[AwareTimestamp, Field(description="From then on it cannot be undone.")]


class CartPublic(TotalsPublic):
    """A cart as it is now."""

    items: Annotated[
        list[CartItemPublic], Field(max_length=MAX_LINES, description="Lines, in the order of adding.")
    ]
    saved_for_later: Annotated[
        list[CartItemPublic],
        Field(max_length=MAX_LINES, description="Lines that are kept and not bought now. They cost nothing."),
    ]
    undo: Annotated[UndoPublic | None, Field(description="The last operation that can be undone, if any.")]
    updated_at: Annotated[AwareTimestamp | None, Field(description="When the cart was changed last.")]


class SummaryPublic(TotalsPublic):
    """A cart in short."""

    items: Annotated[
        list[SummaryItemPublic], Field(max_length=MAX_LINES, description="Lines, in the order of adding.")
    ]
