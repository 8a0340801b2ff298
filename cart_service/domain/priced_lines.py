"""A line of a cart with what the catalogue says now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cart_service.domain.lines import Line, Lines
from cart_service.domain.notices import Notice, notices_of
from cart_service.domain.price_policy import PricePolicy
from cart_service.domain.products import Product


class Availability(StrEnum):
    """Whether a line can be bought as it is."""

    IN_STOCK = "in_stock"
    SHORT = "short"
    GONE = "gone"


# Not frozen, for speed only: a frozen dataclass takes three times as long to make, 500 times per cart.
@dataclass(slots=True)
class PricedLine:
    """Prices are in minor units; `unit_price` is what a piece costs in this cart, which the shop's price
    policy may hold at `unit_price_when_added`. Nobody changes one: a line with a discount is another object.

    `in_cart` and `in_summary` are its JSON, once somebody has made it.
    """

    product_id: str
    name: str
    image_url: str | None
    quantity: int
    unit_price: int
    unit_price_now: int
    unit_price_when_added: int
    line_total: int
    availability: Availability
    added_at: str
    notices: tuple[Notice, ...] = ()
    discount: int = 0
    discount_explanation: str | None = None
    in_cart: bytes | None = None
    in_summary: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What a line was priced as, and by what."""

    product: Product
    policy: PricePolicy
    currency: str
    line: PricedLine


def priced_lines(
    lines: Lines, products: Mapping[str, Product], currency: str, policy: PricePolicy, now: datetime
) -> Sequence[PricedLine]:
    """The lines at the products' prices. A priced line is remembered in its line, because a write changes one
    line of a cart and shows all of them; only what time alone can change is made each time."""
    return [
        known.line
        if isinstance(known := line.priced_as, _Known)
        and known.product is products[id]
        and known.policy is policy
        and known.currency is currency
        else _priced_line(line, products[id], currency, policy, now)
        for id, line in lines.items()
    ]


def _priced_line(
    line: Line, product: Product, currency: str, policy: PricePolicy, now: datetime
) -> PricedLine:
    priced = _priced(line, product, policy, now)
    priced.notices = tuple(notices_of(priced, product, currency))
    if not policy.hold or priced.unit_price_now == priced.unit_price_when_added:
        object.__setattr__(line, "priced_as", _Known(product, policy, currency, priced))
    return priced


def _priced(line: Line, product: Product, policy: PricePolicy, now: datetime) -> PricedLine:
    availability = _availability(line, product)
    gone = availability is Availability.GONE
    then = line.unit_price_when_added
    price_now = then if gone else product.price
    unit_price = then if price_now != then and policy.holds(line, now) else price_now
    return PricedLine(
        product_id=line.product_id,
        name=product.name,
        image_url=product.image_url,
        quantity=line.quantity,
        unit_price=unit_price,
        unit_price_now=price_now,
        unit_price_when_added=then,
        line_total=0 if gone else unit_price * line.quantity,
        availability=availability,
        added_at=line.added_at,
    )


def _availability(line: Line, product: Product) -> Availability:
    if not product.for_sale:
        return Availability.GONE
    return Availability.SHORT if line.quantity > product.stock else Availability.IN_STOCK
