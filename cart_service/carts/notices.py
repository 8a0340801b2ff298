"""What the owner of a cart should see before buying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cart_service.carts.lines import Pieces
from cart_service.promotions.discounts import Reason
from shared.money import format_money

if TYPE_CHECKING:
    from cart_service.carts.priced_lines import PricedLine
    from cart_service.carts.pricing import PricedPromoCode


class NoticeType(StrEnum):
    """What happened."""

    PRICE_CHANGED = "price_changed"
    STOCK_SHORT = "stock_short"
    PRODUCT_GONE = "product_gone"
    PROMO_CODE_ENDED = "promo_code_ended"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the owner should see, about one line or (without a product) about the whole cart;
    `message` says it in English."""

    type: NoticeType
    product_id: str | None
    message: str


def notices_of(line: PricedLine, added: Sequence[Pieces], currency: str) -> Iterator[Notice]:
    """At most one of the price and one of the stock; a product that is gone has neither. `added` are the
    line's pieces at the prices when they were added."""
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
    """One when the promotion is over; that a code does not count yet is said by the code itself."""
    if promo_code.reason is Reason.ENDED:
        message = f"The promo code {promo_code.code} has ended and takes nothing off. Try another one."
        yield Notice(NoticeType.PROMO_CODE_ENDED, None, message)


def _price_message(line: PricedLine, added: Sequence[Pieces], currency: str) -> str:
    now = f"{line.product.name} costs {format_money(line.unit_price_now, currency)} now"
    if len(added) > 1:
        return f"{now}; {_prices_message(line, added, currency)}."
    then = format_money(line.unit_price_when_added, currency)
    if line.unit_price != line.unit_price_now:
        return f"{now}; in this cart it still costs {then}, as when it was added."
    return f"{now}; it cost {then} when it was added."


def _prices_message(line: PricedLine, added: Sequence[Pieces], currency: str) -> str:
    is_held = bool(line.prices) or line.unit_price != line.unit_price_now
    prices = (line.prices or [line]) if is_held else added
    each = ", ".join(f"{it.quantity} for {format_money(it.unit_price, currency)}" for it in prices)
    if is_held:
        return f"in this cart, which holds earlier prices, {each} each"
    return f"it cost something else when it was added: {each} each"
