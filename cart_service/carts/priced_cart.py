"""A cart with its prices: what pricing makes and what clients are shown.

A line of a product that is not for sale any more is `gone`: it stays in the cart, costs nothing and its
pieces do not count. A line that asks for more than the stock is `short`: it counts in full, because stock is
checked when the order is placed, and may be back by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cart_service.carts.lines import UnitPrice
from cart_service.carts.model import Cart
from cart_service.catalogue.model import CatalogueProduct
from cart_service.promotions.discounts import Reason

BYTES_OF_LINE, BYTES_OF_CHARACTER = 1000, 4
"""Memory of a priced line with its JSON and its notices, and of each character of its texts. Measured with
tracemalloc, lines with 100 such characters took 920 bytes, and 1,350 with notices."""


class NoticeType(StrEnum):
    """What happened."""

    PRICE_CHANGED = "price_changed"
    STOCK_SHORT = "stock_short"
    PRODUCT_GONE = "product_gone"
    PROMO_CODE_ENDED = "promo_code_ended"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the owner should see before buying, about one line or (without a product) about the
    whole cart; `message` says it in English."""

    type: NoticeType
    product_id: str | None
    message: str


class Availability(StrEnum):
    """Whether a line can be bought as it is."""

    IN_STOCK = "in_stock"
    SHORT = "short"
    GONE = "gone"


# Not frozen, for speed only: a frozen dataclass takes three times as long to make, 500 times per cart.
@dataclass(slots=True)
class PricedLine:
    """A line of a cart with what the catalogue says now. Prices are in minor units.

    `unit_price` is what a piece costs in this cart: the price now, unless the shop's policy holds the one
    when it was added. If that differs from piece to piece, `prices` are all of them, those added first in
    front, and `unit_price` is that of the pieces added last; else `prices` is empty.

    `product` is what the catalogue said when the line was priced. `held_until` is when the first hold ends
    that keeps a price from being that of now. `rendered` belongs to `rendering` alone. Nothing else changes
    in a priced line: one with a discount is another object.
    """

    product_id: str
    product: CatalogueProduct
    quantity: int
    unit_price: int
    unit_price_now: int
    unit_price_when_added: int
    line_total: int
    availability: Availability
    added_at: str
    prices: tuple[UnitPrice, ...] = ()
    held_until: datetime | None = None
    notices: tuple[Notice, ...] = ()
    discount: int = 0
    discount_explanation: str | None = None
    rendered: Any = field(default=None, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class PricedPromoCode:
    """What the code on a cart does. `version` is that of its promotion, 0 if none is known. At `changes_at`
    time alone changes what it does."""

    code: str
    description: str
    discount: int
    reason: Reason | None
    message: str
    missing_spend: int | None
    version: int
    changes_at: datetime | None

    @property
    def counts(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Totals:
    """`line_count` counts every line, `item_count` the pieces of those that can be bought."""

    item_count: int
    line_count: int
    subtotal: int
    discount: int
    total: int
    currency: str


@dataclass(frozen=True, slots=True)
class PricedCart:
    """`saved` are the lines saved for later, which cost nothing. At `valid_until` time alone changes what
    the cart shows; None if it never does."""

    cart: Cart
    lines: Sequence[PricedLine]
    saved: Sequence[PricedLine]
    notices: Sequence[Notice]
    totals: Totals
    valid_until: datetime | None
    now: datetime
    promo_code: PricedPromoCode | None = None

    @property
    def kept_bytes(self) -> int:
        """The memory of what is kept with the cart's lines: how they were priced, and their JSON;
        estimated."""
        lines = [*self.lines, *self.saved]
        characters = sum([line.product.text_length for line in lines])
        return BYTES_OF_LINE * len(lines) + BYTES_OF_CHARACTER * characters
