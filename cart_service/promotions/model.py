"""Promotions: the benefit of a code, its conditions, and its time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cart_service.promotions.errors import PromoCodeEnded, PromoCodeNotStarted
from shared.clock import to_rfc3339
from shared.errors import InvalidInput

CODE_PATTERN = "^[A-Za-z0-9_-]{3,40}$"


class PromotionKind(StrEnum):
    """The kind of a promotion's benefit."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"
    FREE_ITEM = "free_item"


class PromotionStatus(StrEnum):
    """The status of a promotion at a moment."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Percentage:
    """A discount of 1 to 100 per cent."""

    percent: int


@dataclass(frozen=True, slots=True)
class FixedAmount:
    """A discount of `amount` minor units, and never more than the price."""

    amount: int


@dataclass(frozen=True, slots=True)
class FreeItem:
    """Up to `quantity` pieces of a product in the cart are free."""

    product_id: str
    quantity: int


Benefit = Percentage | FixedAmount | FreeItem


@dataclass(frozen=True, slots=True)
class Conditions:
    """Only lines in one of the `categories` are eligible (none: all lines), for the benefit and for
    `minimum_spend` (minor units). The limits bound the uses: carts and orders with the code."""

    minimum_spend: int = 0
    categories: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    per_user_limit: int | None = None
    total_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """A code belongs to one promotion, and a promotion changes only by its end. So the code and the `version`
    identify everything about it."""

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
        """The earlier of its planned end and its end by hand."""
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
        """The next moment at which time alone changes the status; None if there is none."""
        moments = (self.conditions.starts_at, self.effective_end)
        if self.status_at(now) is PromotionStatus.ENDED:
            return None
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    def require_running(self, now: datetime) -> None:
        """Raises `PromoCodeEnded` or `PromoCodeNotStarted` unless it is active."""
        status = self.status_at(now)
        if status is PromotionStatus.ENDED:
            raise PromoCodeEnded(self.code)
        if status is PromotionStatus.SCHEDULED and self.conditions.starts_at is not None:
            raise PromoCodeNotStarted(self.code, to_rfc3339(self.conditions.starts_at))

    def require_valid(self, currency: str) -> Promotion:
        """The promotion itself. Raises `InvalidInput`, which names the field."""
        if self.currency != currency:
            raise InvalidInput.at("/currency", f"the shop sells in {currency} only")
        starts_at, ends_at = self.conditions.starts_at, self.conditions.ends_at
        if starts_at is not None and ends_at is not None and ends_at <= starts_at:
            raise InvalidInput.at("/ends_at", "must be after starts_at")
        if ends_at is not None and ends_at <= self.created_at:
            raise InvalidInput.at("/ends_at", "is over already")
        return self

    def ended(self, now: datetime) -> Promotion:
        """The promotion after its end by hand. An ended one does not change."""
        return self if self.ended_at else replace(self, ended_at=now, version=self.version + 1)


_KIND_OF: dict[type, PromotionKind] = {
    Percentage: PromotionKind.PERCENTAGE,
    FixedAmount: PromotionKind.FIXED,
    FreeItem: PromotionKind.FREE_ITEM,
}


def normalised(code: str) -> str | None:
    """The code in upper case, as in the store. None for a text that cannot be a code."""
    return code.upper() if re.fullmatch(CODE_PATTERN, code) else None
