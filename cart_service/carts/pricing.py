"""What a cart costs now, and which notices its owner gets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from cart_service.carts.model import Cart
from cart_service.carts.notices import notice_of_promo_code
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_cart import Availability, PricedCart, PricedLine, PricedPromoCode, Totals
from cart_service.carts.priced_lines import Terms, priced_lines
from cart_service.catalogue.model import CatalogueProduct
from cart_service.promotions.discounts import Discount, DiscountableLine, Reason, discount_of
from cart_service.promotions.model import Promotion, PromotionStatus
from cart_service.promotions.service import Promotions
from shared.clock import Clock
from shared.errors import Unavailable


def apply_promotion(
    code: str, promotion: Promotion | None, lines: Sequence[PricedLine], now: datetime
) -> tuple[Sequence[PricedLine], PricedPromoCode]:
    """The lines with their discounts, and what the code does in all."""
    if promotion is None:
        message = f"The promotion of {code} is not known any more, so it takes nothing off."
        return lines, PricedPromoCode(code, "", 0, Reason.ENDED, message, None, 0, None)
    discount = discount_of(promotion, [_discountable(line) for line in lines], now)
    return _discounted(lines, discount), PricedPromoCode(
        code=code,
        description=promotion.description,
        discount=discount.total,
        reason=discount.reason,
        message=discount.message,
        missing_spend=discount.missing_spend,
        version=promotion.version,
        changes_at=promotion.changes_at(now),
    )


def _discounted(lines: Sequence[PricedLine], discount: Discount) -> Sequence[PricedLine]:
    return [
        replace(line, discount=off, discount_explanation=discount.of_line) if off else line
        for line, off in zip(lines, discount.of_lines, strict=True)
    ]


def _discountable(line: PricedLine) -> DiscountableLine:
    return DiscountableLine(
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price=line.unit_price,
        line_total=line.line_total,
        categories=line.product.categories,
        gone=not line.product.for_sale,
        prices=tuple((it.quantity, it.unit_price) for it in line.prices),
    )


def price(cart: Cart, products: Mapping[str, CatalogueProduct], terms: Terms) -> PricedCart:
    """The cart at the prices of `products`, which holds every product of the cart."""
    lines = priced_lines(cart.lines, products, terms)
    notices = [notice for line in lines for notice in line.notices]
    valid_until = _valid_until(lines, cart, terms.now)
    promo_code = None
    if cart.promo_code is not None:
        lines, promo_code = apply_promotion(cart.promo_code, terms.promotion, lines, terms.now)
        notices += notice_of_promo_code(promo_code)
        valid_until = _earlier(valid_until, promo_code.changes_at)
    return PricedCart(
        cart=cart,
        lines=lines,
        saved=priced_lines(cart.saved, products, terms),
        notices=notices,
        totals=_totals(lines, terms.currency),
        valid_until=valid_until,
        now=terms.now,
        promo_code=promo_code,
    )


def _totals(lines: Sequence[PricedLine], currency: str) -> Totals:
    subtotal = sum([line.line_total for line in lines])
    discount = sum([line.discount for line in lines])
    return Totals(
        item_count=sum([line.quantity for line in lines if line.availability is not Availability.GONE]),
        line_count=len(lines),
        subtotal=subtotal,
        discount=discount,
        total=subtotal - discount,
        currency=currency,
    )


def _valid_until(lines: Sequence[PricedLine], cart: Cart, now: datetime) -> datetime | None:
    """When the first hold of a price ends, or the undo does, whichever is earlier."""
    first = min((line.held_until for line in lines if line.held_until is not None), default=None)
    end = cart.undo.until if cart.undo else None
    return _earlier(first, end if end and end > now else None)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


class Pricer:
    """Prices a cart as every replica does at this moment."""

    def __init__(self, clock: Clock, promotions: Promotions, *, currency: str, policy: PricePolicy) -> None:
        self._clock = clock
        self._promotions = promotions
        self._currency = currency
        self._policy = policy

    def price(self, cart: Cart, products: Mapping[str, CatalogueProduct]) -> PricedCart:
        """The cart at the prices of `products`, which holds each of `products_of`."""
        promotion = self._promotions.known(cart.promo_code) if cart.promo_code else None
        return price(cart, products, Terms(self._currency, self._policy, self._clock.now(), promotion))

    async def prepare(self, cart: Cart) -> None:
        """Reads the promotion of the cart's code if this replica has not heard of it. A promotion that cannot
        be found now is priced as ended; the summary is then not served again."""
        if cart.promo_code and self._promotions.known(cart.promo_code) is None:
            with suppress(Unavailable):
                await self._promotions.find(cart.promo_code)

    def is_current(self, code: str, version: int) -> bool:
        """Whether this replica can tell that no newer version of the promotion is known."""
        promotion = self._promotions.known(code)
        return promotion is not None and version >= promotion.version

    def is_over(self, code: str) -> bool:
        """Whether a code takes nothing off any more. An unknown one counts as ended, as for pricing."""
        promotion = self._promotions.known(code)
        return promotion is None or promotion.status_at(self._clock.now()) is PromotionStatus.ENDED

    def products_of(self, cart: Cart) -> Collection[str]:
        """The products that the cart shows."""
        return {**cart.lines, **cart.saved}.keys() if cart.saved else cart.lines.keys()

    def is_past(self, moment_millis: int) -> bool:
        """Whether that moment, in milliseconds since 1970, has come; 0 never does."""
        return 0 < moment_millis <= self._clock.now().timestamp() * 1000
