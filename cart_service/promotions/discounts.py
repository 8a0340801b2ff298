"""The discount of a promotion on a cart, in minor units.

The discount is computed once, on the subtotal of the eligible lines, and rounded once, half up. The largest
remainder method allocates it to these lines, so the discounts of the lines always add up to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from cart_service.promotions.model import FixedAmount, FreeItem, Percentage, Promotion, PromotionStatus
from shared.money import format_money, percentage_of
from shared.text import name_key


class Reason(StrEnum):
    """Why the code of a cart gives no discount."""

    NOT_STARTED = "not_started"
    ENDED = "ended"
    MINIMUM_SPEND = "minimum_spend"
    NO_ELIGIBLE_ITEMS = "no_eligible_items"
    FREE_ITEM_MISSING = "free_item_missing"


@dataclass(frozen=True, slots=True)
class DiscountableLine:
    """The values of a priced line that discounts need. `gone` lines cost nothing and are never eligible.
    `prices` are quantities and their unit prices, if they differ from `unit_price`."""

    product_id: str
    quantity: int
    unit_price: int
    line_total: int
    categories: tuple[str, ...] = ()
    gone: bool = False
    prices: tuple[tuple[int, int], ...] = ()

    def value_of(self, pieces: int) -> int:
        """The price of that number of pieces, beginning with the dearest."""
        value = 0
        for quantity, unit_price in sorted(self.prices or [(self.quantity, self.unit_price)], key=_dearest):
            taken = min(quantity, pieces)
            value, pieces = value + taken * unit_price, pieces - taken
        return value


def _dearest(price: tuple[int, int]) -> int:
    return -price[1]


@dataclass(frozen=True, slots=True)
class Discount:
    """`of_lines` are in the order of the lines and add up to `total`. `reason` is None if the code applies.
    `message` says in English what the code gives or lacks, and `of_line` what it gives for one line.
    `missing_spend` is set for the reason `minimum_spend`."""

    total: int
    of_lines: tuple[int, ...]
    message: str
    of_line: str = ""
    reason: Reason | None = None
    missing_spend: int | None = None

    @property
    def counts(self) -> bool:
        return self.reason is None


def discount_of(promotion: Promotion, lines: Sequence[DiscountableLine], now: datetime) -> Discount:
    """The discount of the promotion on these lines at this moment."""
    code, places = promotion.code, len(lines)
    status = promotion.status_at(now)
    if status is PromotionStatus.ENDED:
        return _nothing(places, f"The promotion of {code} is over.", Reason.ENDED)
    if status is PromotionStatus.SCHEDULED:
        return _nothing(places, f"The promotion of {code} has not started yet.", Reason.NOT_STARTED)
    bases = _eligible_totals(promotion, lines)
    if not any(base is not None for base in bases):
        message = f"Nothing in the cart counts for {code}{_limits(promotion, ', which is for ')}."
        return _nothing(places, message, Reason.NO_ELIGIBLE_ITEMS)
    subtotal = sum(base or 0 for base in bases)
    missing = promotion.conditions.minimum_spend - subtotal
    if missing > 0:
        amount = format_money(missing, promotion.currency)
        message = f"Spend {amount} more{_limits(promotion, ' on ')} to use {code}."
        return _nothing(places, message, Reason.MINIMUM_SPEND, missing)
    return _applied(promotion, lines, [base or 0 for base in bases], subtotal)


def _nothing(places: int, message: str, reason: Reason, missing: int | None = None) -> Discount:
    return Discount(0, (0,) * places, message, "", reason, missing)


def _applied(
    promotion: Promotion, lines: Sequence[DiscountableLine], bases: Sequence[int], subtotal: int
) -> Discount:
    match promotion.benefit:
        case Percentage(percent):
            total = percentage_of(subtotal, percent)
            text = f"{percent} % off{_limits(promotion, ' ')} with {promotion.code}."
            discount = Discount(total, allocated(total, bases), text, text)
        case FixedAmount(amount):
            discount = _fixed(promotion, amount, bases, subtotal)
        case FreeItem() as free:
            discount = _freed(promotion.code, free, lines)
    if discount.counts and not discount.total:
        nothing = format_money(0, promotion.currency)
        return replace(discount, message=f"{promotion.code} counts, and comes to {nothing} off this cart.")
    return discount


def _fixed(promotion: Promotion, amount: int, bases: Sequence[int], subtotal: int) -> Discount:
    total = min(amount, subtotal)
    whole, shares = format_money(total, promotion.currency), allocated(total, bases)
    text = message = f"{whole} off with {promotion.code}."
    if total < amount:
        most = format_money(amount, promotion.currency)
        message = f"{whole} off with {promotion.code}: all that counts for it, of up to {most}."
    if sum(share > 0 for share in shares) > 1:
        text = f"A share of the {text}"
    return Discount(total, shares, message, text)


def _freed(code: str, free: FreeItem, lines: Sequence[DiscountableLine]) -> Discount:
    asked = [line for line in lines if line.product_id == free.product_id]
    if all(line.gone for line in asked):
        message = (
            f"Add product {free.product_id} to the cart: up to {_pieces(free.quantity)} free with {code}."
        )
        if asked:
            message = f"Product {free.product_id} is not for sale any more, so {code} takes nothing off."
        return _nothing(len(lines), message, Reason.FREE_ITEM_MISSING)
    of_lines = tuple(
        0 if line.gone or line.product_id != free.product_id else line.value_of(free.quantity)
        for line in lines
    )
    freed = min(free.quantity, sum(line.quantity for line in asked if not line.gone))
    message = text = f"{_pieces(freed)} free with {code}."
    if freed < free.quantity:
        message = f"{_pieces(freed)} free with {code}, of up to {free.quantity}."
    return Discount(sum(of_lines), of_lines, message, text)


def _pieces(quantity: int) -> str:
    return "1 piece" if quantity == 1 else f"{quantity} pieces"


def allocated(total: int, bases: Sequence[int]) -> tuple[int, ...]:
    """Shares of `total` in proportion to `bases`, by the largest remainder method. Earlier lines win ties.

    If `total` is not greater than the sum of `bases`, no share is greater than its base.
    """
    subtotal = sum(bases)
    if subtotal == 0:
        return (0,) * len(bases)
    shares = [total * base // subtotal for base in bases]
    by_remainder = sorted(range(len(bases)), key=lambda at: -(total * bases[at] % subtotal))
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return tuple(shares)


def _eligible_totals(promotion: Promotion, lines: Sequence[DiscountableLine]) -> list[int | None]:
    """The totals of the eligible lines, and None for the others."""
    wanted = {category_key(category) for category in promotion.conditions.categories}
    return [line.line_total if _is_eligible(line, wanted) else None for line in lines]


def _is_eligible(line: DiscountableLine, wanted: set[str]) -> bool:
    return not line.gone and (not wanted or any(category_key(it) in wanted for it in line.categories))


@lru_cache(maxsize=4096)
def category_key(category: str) -> str:
    """Categories are compared whole, like in the filter of the catalogue."""
    return name_key(category)


def _limits(promotion: Promotion, before: str) -> str:
    *others, last = promotion.conditions.categories or ("",)
    names = f"{', '.join(others)} or {last}" if others else last
    return f"{before}{names}" if last else ""
