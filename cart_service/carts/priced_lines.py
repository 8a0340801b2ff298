"""Pricing the lines of a cart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cart_service.carts.lines import Line, Lines, Pieces, UnitPrice
from cart_service.carts.notices import notices_of
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_cart import Availability, PricedLine
from cart_service.catalogue.model import CatalogueProduct
from cart_service.promotions.model import Promotion


@dataclass(frozen=True, slots=True)
class Terms:
    """What prices depend on besides the cart and the catalogue. `promotion` is that of the cart's code, None
    if there is none."""

    currency: str
    policy: PricePolicy
    now: datetime
    promotion: Promotion | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A priced line, and what its prices depend on."""

    product: CatalogueProduct
    policy: PricePolicy
    currency: str
    line: PricedLine


def priced_lines(
    lines: Lines, products: Mapping[str, CatalogueProduct], terms: Terms
) -> Sequence[PricedLine]:
    """The lines at the products' prices. Each line remembers its priced line, because a write changes one
    line of a cart and shows all of them. A line whose price time alone can change is priced each time."""
    currency, policy = terms.currency, terms.policy
    return [
        known.line
        if isinstance(known := line.priced_as, _Known)
        and known.product is products[id]
        and known.policy is policy
        and known.currency is currency
        else _priced_line(line, products[id], terms)
        for id, line in lines.items()
    ]


def _priced_line(line: Line, product: CatalogueProduct, terms: Terms) -> PricedLine:
    policy = terms.policy
    priced = _priced_by_policy(line, product, policy, terms.now)
    priced.notices = tuple(notices_of(priced, line.pieces, terms.currency))
    if not policy.hold or all(it.unit_price == priced.unit_price_now for it in line.pieces):
        object.__setattr__(line, "priced_as", _Known(product, policy, terms.currency, priced))
    return priced


def _priced_by_policy(
    line: Line, product: CatalogueProduct, policy: PricePolicy, now: datetime
) -> PricedLine:
    availability = _availability(line, product)
    gone = availability is Availability.GONE
    price_now = line.unit_price_when_added if gone else product.price
    held = () if gone else _held(line, price_now, policy, now)
    prices = _unit_prices(line, held, price_now) if held else ()
    total = sum([it.quantity * it.unit_price for it in prices]) if held else price_now * line.quantity
    return PricedLine(
        product_id=line.product_id,
        product=product,
        quantity=line.quantity,
        unit_price=prices[-1].unit_price if held else price_now,
        unit_price_now=price_now,
        unit_price_when_added=line.unit_price_when_added,
        line_total=0 if gone else total,
        availability=availability,
        added_at=line.added_at,
        prices=prices if len(prices) > 1 else (),
        held_until=min(map(policy.end_of, held)) if held and policy.hold else None,
    )


def _held(line: Line, price_now: int, policy: PricePolicy, now: datetime) -> Sequence[Pieces]:
    """The pieces whose own price counts and differs from that of now."""
    if not line.layers and line.unit_price_when_added == price_now:
        return ()
    return [it for it in line.pieces if it.unit_price != price_now and policy.holds(it, now)]


def _unit_prices(line: Line, held: Sequence[Pieces], price_now: int) -> tuple[UnitPrice, ...]:
    """What the pieces cost, by price: those added first in front, and the price of the last pieces last."""
    prices: dict[int, int] = {}
    for it in line.pieces:
        unit_price = it.unit_price if it in held else price_now
        prices[unit_price] = prices.get(unit_price, 0) + it.quantity
    last = line.pieces[-1]
    newest = last.unit_price if last in held else price_now
    prices[newest] = prices.pop(newest)
    return tuple(UnitPrice(quantity, unit_price) for unit_price, quantity in prices.items())


def _availability(line: Line, product: CatalogueProduct) -> Availability:
    if not product.for_sale:
        return Availability.GONE
    return Availability.SHORT if line.quantity > product.stock else Availability.IN_STOCK
