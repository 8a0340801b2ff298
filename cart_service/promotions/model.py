"""Promotions: what a code gives, to whom, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cart_service.promotions.errors import PromoCodeEnded, PromoCodeNotStarted
from shared.clock import to_rfc3339
from shared.errors import FieldError, InvalidInput

CODE_PATTERN = "^[A-Za-z0-9_-]{3,40}$"


class PromotionKind(StrEnum):
    """What a promotion gives."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"
    FREE_ITEM = "free_item"


class PromotionStatus(StrEnum):
    """How a promotion is at a moment."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Percentage:
    """Takes so many per cent off, 1 to 100."""

    percent: int


@dataclass(frozen=True, slots=True)
class FixedAmount:
    """Takes `amount` minor units off, and never more than there is to pay."""

    amount: int


@dataclass(frozen=True, slots=True)
class FreeItem:
    """Makes up to `quantity` pieces of a product free; they have to be in the cart."""

    product_id: str
    quantity: int


Benefit = Percentage | FixedAmount | FreeItem


@dataclass(frozen=True, slots=True)
class Conditions:
    """`categories` say which lines count (none: all), for the benefit and for `minimum_spend` (minor units).

    The limits bound the uses, which are the carts on which the code stands and the orders placed with it.
    """

    minimum_spend: int = 0
    categories: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    per_user_limit: int | None = None
    total_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """A code is given away once and for ever, and all that can happen to it is its end: code and `version`
    say everything about what a promotion is."""

    code: str
    benefit: Benefit
    conditions: Conditions
    currency: str
    description: str
    created_at: datetime
    ended_at: datetime | None = None
    version: int = 1

    @property
    def kind(self) -> PromotionKind:
        return _KIND_OF[type(self.benefit)]

    @property
    def effective_end(self) -> datetime | None:
        """The moment from which it is over, whatever is the reason."""
        known = [moment for moment in (self.conditions.ends_at, self.ended_at) if moment is not None]
        return min(known, default=None)

    def status_at(self, now: datetime) -> PromotionStatus:
        if self.effective_end is not None and now >= self.effective_end:
            return PromotionStatus.ENDED
        starts_at = self.conditions.starts_at
        if starts_at is not None and now < starts_at:
            return PromotionStatus.SCHEDULED
        return PromotionStatus.ACTIVE

    def changes_at(self, now: datetime) -> datetime | None:
        """The next moment at which time alone gives it another status; None when there is none."""
        moments = (self.conditions.starts_at, self.effective_end)
        if self.status_at(now) is PromotionStatus.ENDED:
            return None
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    def require_running(self, now: datetime) -> None:
        """Raises `PromoCodeEnded` or `PromoCodeNotStarted` when nobody can put it on a cart."""
        status = self.status_at(now)
        if status is PromotionStatus.ENDED:
            raise PromoCodeEnded(self.code)
        if status is PromotionStatus.SCHEDULED and self.conditions.starts_at is not None:
            raise PromoCodeNotStarted(self.code, to_rfc3339(self.conditions.starts_at))

    def require_valid(self, currency: str) -> Promotion:
        """The promotion itself. Raises `InvalidInput`, which names the field."""
        if self.currency != currency:
            raise _invalid("/currency", f"the shop sells in {currency} only")
        starts_at, ends_at = self.conditions.starts_at, self.conditions.ends_at
        if starts_at is not None and ends_at is not None and ends_at <= starts_at:
            raise _invalid("/ends_at", "must be after starts_at")
        if ends_at is not None and ends_at <= self.created_at:
            raise _invalid("/ends_at", "is over already")
        return self

    def ended(self, now: datetime) -> Promotion:
        """The promotion after its end by hand, or this very one when that has happened before."""
        return self if self.ended_at else replace(self, ended_at=now, version=self.version + 1)


_KIND_OF: dict[type, PromotionKind] = {
    Percentage: PromotionKind.PERCENTAGE,
    FixedAmount: PromotionKind.FIXED,
    FreeItem: PromotionKind.FREE_ITEM,
}


def normalised(code: str) -> str | None:
    """The code as it is kept: upper case. None for what can be no code."""
    return code.upper() if re.fullmatch(CODE_PATTERN, code) else None


def _invalid(pointer: str, message: str) -> InvalidInput:
    return InvalidInput("A value is not acceptable: see errors.", errors=[FieldError(pointer, message)])
