"""The events of promotions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from cart_service.promotions.definitions import definition_of, promotion_of
from cart_service.promotions.model import Promotion
from shared.events.domain_event import DomainEvent
from shared.events.envelope import Event


@dataclass(frozen=True, slots=True)
class PromotionEvent(DomainEvent):
    """Each event has the whole promotion as its data, like the entry in the bucket `promotions`."""

    promotion: Promotion

    @classmethod
    def of(cls, promotion: Promotion) -> Self:
        return cls(promotion.code, promotion.version, promotion)

    def data(self) -> dict[str, Any]:
        return definition_of(self.promotion)

    @classmethod
    def from_event(cls, event: Event) -> Self:
        return cls.of(promotion_of(dict(event.data)))


@dataclass(frozen=True, slots=True)
class PromotionCreated(PromotionEvent):
    """A promotion was added."""

    type = "promotion.created"


@dataclass(frozen=True, slots=True)
class PromotionEnded(PromotionEvent):
    """A promotion was ended by hand. Time alone makes no event."""

    type = "promotion.ended"
