"""Bodies of answers. They are rendered by the use cases; these models describe them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from cart_service.api.fields import Money, ProductId
from cart_service.domain.discounts import Reason
from cart_service.domain.lines import MAX_LINES, MAX_PRICES, MAX_QUANTITY
from cart_service.domain.notices import NoticeType
from cart_service.domain.priced_lines import Availability
from cart_service.domain.undo import Undoable


class NoticePublic(BaseModel):
    type: Annotated[NoticeType, Field(description="What happened.")]
    product_id: Annotated[ProductId | None, Field(description="Null where it is about the whole cart.")]
    message: Annotated[
        str,
        Field(
            description="For people, in English.",
            examples=["Mug costs 12.99 USD now; it cost 10.99 USD when it was added."],
        ),
    ]


class UnitPricePublic(BaseModel):
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, description="Pieces at this price.")]
    unit_price: Annotated[Money, Field(description="What each of them costs in this cart.")]


class SummaryItemPublic(BaseModel):
    product_id: ProductId
    name: Annotated[str, Field(description="Name now.", examples=["Mug"])]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, description="Pieces.")]
    unit_price: Annotated[
        Money,
        Field(
            description="What a piece costs in this cart: the price now, unless the shop's price policy still"
            " holds the one when it was added. Where pieces cost different prices, that of the pieces added"
            " last. Of a gone product, the price when it was added."
        ),
    ]
    prices: Annotated[
        list[UnitPricePublic],
        Field(
            max_length=MAX_PRICES,
            description="What the pieces cost, where the shop holds prices and they were added at different"
            " ones; those added first come first, and those added last are the first to go when the quantity"
            " is lowered. Empty where each costs `unit_price`.",
            examples=[[]],
        ),
    ]
    line_total: Annotated[
        Money,
        Field(
            description="`unit_price` times `quantity`, or what `prices` add up to if there are any; 0 when"
            " gone."
        ),
    ]
    discount: Annotated[Money, Field(description="What the promo code takes off this line.")]
    discount_explanation: Annotated[
        str | None,
        Field(description="Why, in English; null without a discount.", examples=["10 % off with SPRING10."]),
    ]
    availability: Annotated[
        Availability,
        Field(
            description="`short`: the line asks for more than is in stock, and counts in full: stock is"
            " checked when the order is placed. `gone`: not for sale any more, does not count."
        ),
    ]


class CartItemPublic(SummaryItemPublic):
    image_url: Annotated[str | None, Field(description="Picture now, if it has one.")]
    unit_price_now: Annotated[Money, Field(description="Price of a piece in the catalogue now.")]
    unit_price_when_added: Annotated[
        Money,
        Field(
            description="Price of a piece when the line was added, or acknowledged last; of the pieces added"
            " first, where there are several prices."
        ),
    ]
    added_at: Annotated[AwareDatetime, Field(description="When the line was added.")]


class PromoCodePublic(BaseModel):
    code: Annotated[str, Field(description="The code on the cart.", examples=["SPRING10"])]
    description: Annotated[str, Field(description="Of the promotion.", examples=["Ten per cent in spring"])]
    counts: Annotated[bool, Field(description="Whether it works now. One that does not may later.")]
    discount: Annotated[Money, Field(description="What it takes off the cart.")]
    reason: Annotated[Reason | None, Field(description="Why it does not count; null when it does.")]
    message: Annotated[
        str, Field(description="For people, in English.", examples=["10 % off with SPRING10."])
    ]
    missing_spend: Annotated[
        Money | None, Field(description="With `minimum_spend`: for how much more is to be bought.")
    ]


class TotalsPublic(BaseModel):
    version: Annotated[
        int, Field(ge=0, description="Grows with each write that changed anything that the cart shows.")
    ]
    item_count: Annotated[int, Field(description="Pieces; those of gone lines do not count.")]
    line_count: Annotated[int, Field(le=MAX_LINES, description="Lines, gone ones too.")]
    subtotal: Annotated[Money, Field(description="Sum of the lines' totals.")]
    discount: Annotated[Money, Field(description="Sum of all discounts.")]
    total: Annotated[Money, Field(description="What the cart costs: `subtotal` less `discount`.")]
    currency: Annotated[str, Field(description="ISO 4217.", examples=["USD"])]
    promo_code: Annotated[PromoCodePublic | None, Field(description="The promo code, if there is one.")]
    notices: Annotated[list[NoticePublic], Field(description="What changed since lines were added.")]


class UndoPublic(BaseModel):
    operation: Annotated[Undoable, Field(description="What `POST /undo` takes back.")]
    until: Annotated[AwareDatetime, Field(description="From then on it cannot be undone.")]


class CartPublic(TotalsPublic):
    items: Annotated[list[CartItemPublic], Field(description="Lines, in the order of adding.")]
    saved_for_later: Annotated[
        list[CartItemPublic],
        Field(max_length=MAX_LINES, description="Lines that are kept and not bought now; they cost nothing."),
    ]
    undo: Annotated[UndoPublic | None, Field(description="The last operation that can be undone, if any.")]
    updated_at: Annotated[AwareDatetime | None, Field(description="When the cart was changed last.")]


class SummaryPublic(TotalsPublic):
    items: Annotated[list[SummaryItemPublic], Field(description="Lines, in the order of adding.")]
