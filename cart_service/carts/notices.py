"""Notices: what the owner of a cart should see before buying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cart_service.carts.lines import Pieces
from cart_service.carts.priced_cart import Notice, NoticeType, PricedLine, PricedPromoCode
from cart_service.promotions.discounts import Reason
from shared.money import format_money


def notices_of(line: PricedLine, added: Sequence[Pieces], currency: str) -> Iterator[Notice]:
    """At most one about the price and one about the stock. A gone product has one notice of its own. `added`
    are the line's pieces at the prices when they were added."""
    product = line.product
    if not product.for_sale:
        message = f"{product.name} is not for sale any more and does not count. Remove it from the cart."
        yield Notice(NoticeType.PRODUCT_GONE, line.product_id, message)
        return
    if any(it.unit_price != line.unit_price_now for it in added):
        yield Notice(NoticeType.PRICE_CHANGED, line.product_id, _price_message(line, added, currency))
    if line.quantity > product.stock:
        left = f"Only {product.stock} of {product.name} are" if product.stock else f"{product.name} is not"
        message = f"{left} in stock; the cart asks for {line.quantity}."
        yield Notice(NoticeType.STOCK_SHORT, line.product_id, message)


def notice_of_promo_code(promo_code: PricedPromoCode) -> Iterator[Notice]:
    """One if the promotion is over. That a code does not count yet, the code's own message says."""
    if promo_code.reason is Reason.ENDED:
        message = f"The promo code {promo_code.code} has ended and takes nothing off. Try another one."
        yield Notice(NoticeType.PROMO_CODE_ENDED, None, message)


def _price_message(line: PricedLine, added: Sequence[Pieces], currency: str) -> str:
    present = f"{line.product.name} costs {format_money(line.unit_price_now, currency)} now"
    if len(added) > 1:
        return f"{present}; {_prices_message(line, added, currency)}."
    former = format_money(line.unit_price_when_added, currency)
    if line.unit_price != line.unit_price_now:
        return f"{present}; in this cart it still costs {former}, as when it was added."
    return f"{present}; it cost {former} when it was added."


def _prices_message(line: PricedLine, added: Sequence[Pieces], currency: str) -> str:
    is_held = bool(line.prices) or line.unit_price != line.unit_price_now
    prices = (line.prices or [line]) if is_held else added
    each = ", ".join(f"{it.quantity} for {format_money(it.unit_price, currency)}" for it in prices)
    if is_held:
        return f"in this cart, which holds earlier prices, {each} each"
    return f"it cost something else when it was added: {each} each"
