"""The facts that a write of a cart makes durable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cart_service.carts.differences import differences
from cart_service.carts.model import Cart
from cart_service.carts.promo_operations import dropped_between
from shared.events.envelope import Event


def events_of(before: Cart, after: Cart, now: datetime) -> Sequence[Event]:
    """What others have to know of the change, the oldest first."""
    events = []
    if after.version != before.version:
        changes = [
            {"product_id": it.product_id, "quantity_then": it.quantity_then, "quantity_now": it.quantity_now}
            for it in differences(before.lines, after.lines)
        ]
        data = {"version": after.version, "changes": changes, **_promo_code_changed(before, after)}
        events.append(Event.new("cart.updated", after.owner, after.version, now, data))
    if dropped := dropped_between(before, after):
        what = {"code": dropped.code, "turn": dropped.turn}
        events.append(Event.new("cart.promo_code_dropped", after.owner, after.version, now, what))
    handover = after.handover
    if handover and not handover.is_done and handover != before.handover:
        handed_over = {"merge_id": handover.merge_id, "to": handover.to}
        events.append(Event.new("cart.handed_over", after.owner, after.version, now, handed_over))
    return events


def _promo_code_changed(before: Cart, after: Cart) -> dict[str, Any]:
    if before.promo_code == after.promo_code:
        return {}
    return {"promo_code": {"then": before.promo_code, "now": after.promo_code}}
