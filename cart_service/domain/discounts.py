"""What a promotion takes off a cart, to the minor unit.

The discount is computed once, on the subtotal of the lines that count, and rounded once, half up. Then it is
allocated to those lines by the largest remainder, so that the lines' discounts always add up to it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from cart_service.domain.promotions import FixedAmount, FreeItem, Percentage, Promotion, PromotionStatus
from shared.money import format_money, percentage_of


class Reason(StrEnum):
    """Why a code that stands on a cart takes nothing off."""

    NOT_STARTED = "not_started"
    ENDED = "ended"
    MINIMUM_SPEND = "minimum_spend"
    NO_ELIGIBLE_ITEMS = "no_eligible_items"
    FREE_ITEM_MISSING = "free_item_missing"


@dataclass(frozen=True, slots=True)
class DiscountableLine:
    """What of a priced line matters here. `gone` lines cost nothing and never count."""

    product_id: str
    quantity: int
    unit_price: int
    line_total: int
    categories: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Discount:
    """`of_lines` are in the order of the lines and add up to `total`. `reason` is None when it counts;
    `message` says in English what the code does or lacks; `missing_spend` is set for `minimum_spend`."""

    total: int
    of_lines: tuple[int, ...]
    message: str
    reason: Reason | None = None
    missing_spend: int | None = None

    @property
    def counts(self) -> bool:
        return self.reason is None


def discount_of(promotion: Promotion, lines: Sequence[DiscountableLine], now: datetime) -> Discount:
    """What the promotion takes off these lines at this moment."""
    nothing = (0,) * len(lines)
    status = promotion.status_at(now)
    if status is PromotionStatus.ENDED:
        return Discount(0, nothing, f"The promotion of {promotion.code} is over.", Reason.ENDED)
    if status is PromotionStatus.SCHEDULED:
        message = f"The promotion of {promotion.code} has not started yet."
        return Discount(0, nothing, message, Reason.NOT_STARTED)
    bases = _eligible_totals(promotion, lines)
    if not any(base is not None for base in bases):
        message = f"Nothing in the cart counts for {promotion.code}{_limits(promotion)}."
        return Discount(0, nothing, message, Reason.NO_ELIGIBLE_ITEMS)
    subtotal = sum(base or 0 for base in bases)
    missing = promotion.conditions.minimum_spend - subtotal
    if missing > 0:
        amount = format_money(missing, promotion.currency)
        message = f"Spend {amount} more{_limits(promotion)} to use {promotion.code}."
        return Discount(0, nothing, message, Reason.MINIMUM_SPEND, missing)
    return _applied(promotion, lines, [base or 0 for base in bases], subtotal)


def _applied(
    promotion: Promotion, lines: Sequence[DiscountableLine], bases: Sequence[int], subtotal: int
) -> Discount:
    match promotion.benefit:
        case Percentage(percent):
            total = percentage_of(subtotal, percent)
            text = f"{percent} % off with {promotion.code}."
        case FixedAmount(amount):
            total = min(amount, subtotal)
            text = f"A share of the {format_money(total, promotion.currency)} off with {promotion.code}."
        case FreeItem() as free:
            return _freed(promotion.code, free, lines)
    return Discount(total, allocated(total, bases), text)


def _freed(code: str, free: FreeItem, lines: Sequence[DiscountableLine]) -> Discount:
    def value(line: DiscountableLine) -> int:
        if line.gone or line.product_id != free.product_id:
            return 0
        return min(line.quantity, free.quantity) * line.unit_price

    if all(line.gone or line.product_id != free.product_id for line in lines):
        message = f"Add {free.quantity} of product {free.product_id} to the cart: {code} makes it free."
        return Discount(0, (0,) * len(lines), message, Reason.FREE_ITEM_MISSING)
    of_lines = tuple(value(line) for line in lines)
    return Discount(sum(of_lines), of_lines, f"Up to {free.quantity} free with {code}.")


def allocated(total: int, bases: Sequence[int]) -> tuple[int, ...]:
    """Shares of `total` in proportion to `bases`, by the largest remainder; ties go to the earlier line.

    No share is greater than its base, given that `total` is not greater than their sum.
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
    """The totals of the lines that count, None for the others."""
    wanted = {category_key(category) for category in promotion.conditions.categories}
    return [line.line_total if _is_eligible(line, wanted) else None for line in lines]


def _is_eligible(line: DiscountableLine, wanted: set[str]) -> bool:
    return not line.gone and (not wanted or any(category_key(it) in wanted for it in line.categories))


@lru_cache(maxsize=4096)
def category_key(category: str) -> str:
    """Categories are compared whole, without regard to case and accents, as the catalogue's search does."""
    decomposed = unicodedata.normalize("NFKD", category.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).strip()


def _limits(promotion: Promotion) -> str:
    categories = promotion.conditions.categories
    return f" on {', '.join(categories)}" if categories else ""
