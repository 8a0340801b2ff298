"""The events of carts, and their delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from cart_service.carts.differences import Difference, differences
from cart_service.carts.model import Cart
from cart_service.carts.promo_operations import dropped_between
from cart_service.changes import ChangeListener
from shared.aggregates.outbox import publish_to
from shared.events.contracts import CartChangedOnBehalf
from shared.events.domain_event import DomainEvent
from shared.events.envelope import Event
from shared.events.ports import EventBus


@dataclass(frozen=True, slots=True)
class PromoCodeDifference:
    """The promo code before and after a write."""

    then: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class CartUpdated(DomainEvent):
    """What a cart shows changed: the quantities of its lines, or its promo code."""

    type = "cart.updated"

    changes: Sequence[Difference]
    promo_code: PromoCodeDifference | None = None

    def data(self) -> dict[str, Any]:
        changes = [
            {"product_id": it.product_id, "quantity_then": it.quantity_then, "quantity_now": it.quantity_now}
            for it in self.changes
        ]
        code = self.promo_code
        promo_code = {"promo_code": {"then": code.then, "now": code.now}} if code else {}
        return {"version": self.version, "changes": changes, **promo_code}

    @classmethod
    def from_event(cls, event: Event) -> Self:
        changes = [
            Difference(it["product_id"], it["quantity_then"], it["quantity_now"])
            for it in event.data["changes"]
        ]
        code = event.data.get("promo_code")
        promo_code = PromoCodeDifference(code["then"], code["now"]) if code else None
        return cls(event.entity_id, event.version, changes, promo_code)


@dataclass(frozen=True, slots=True)
class CartPromoCodeDropped(DomainEvent):
    """A promo code left a cart. `turn` is the one with which it was reserved."""

    type = "cart.promo_code_dropped"

    code: str
    turn: int


@dataclass(frozen=True, slots=True)
class CartHandedOver(DomainEvent):
    """A guest's cart is being merged into that of the customer `to`."""

    type = "cart.handed_over"

    merge_id: str
    to: str


def events_of(before: Cart, after: Cart, now: datetime, by: str | None = None) -> Sequence[Event]:
    """The events of a write, the oldest first. `by` is an administrator who acts for the owner."""
    owner, version = after.owner, after.version
    events: list[DomainEvent] = []
    if version != before.version:
        changes = differences(before.lines, after.lines)
        events.append(CartUpdated(owner, version, changes, _promo_code_difference(before, after)))
    if by and after is not before:
        events.append(CartChangedOnBehalf(owner, version, by))
    if dropped := dropped_between(before, after):
        events.append(CartPromoCodeDropped(owner, version, dropped.code, dropped.turn))
    pending = after.pending_merge
    if pending and not pending.is_done and pending != before.pending_merge:
        events.append(CartHandedOver(owner, version, pending.merge_id, pending.to))
    return [event.to_event(now) for event in events]


def _promo_code_difference(before: Cart, after: Cart) -> PromoCodeDifference | None:
    if before.promo_code == after.promo_code:
        return None
    return PromoCodeDifference(before.promo_code, after.promo_code)


class CartDelivery:
    """Publishes a cart's events, then tells `changes` of the write, which secures its summary. The cart keeps
    its events until both are done, so the replica that delivers a dead writer's events does both. If the
    writer lives, its summary is secured already and the second step does nothing."""

    def __init__(self, bus: EventBus, changes: ChangeListener) -> None:
        self._publish = publish_to(bus)
        self._changes = changes

    async def __call__(self, owner: str, events: Sequence[Event]) -> None:
        await self._publish(owner, events)
        await self._changes.cart_written(owner, max(event.version for event in events))
