"""Delivery of carts' events: the facts themselves, then what their writer may have died before."""

from __future__ import annotations

from collections.abc import Sequence

from cart_service.changes import ChangeListener
from shared.aggregates.outbox import publish_to
from shared.events.envelope import Event
from shared.events.ports import EventBus


class CartDelivery:
    """Publishes a cart's events, then tells `changes` that it was written, which sees to its summary. Only
    after both does the cart forget them: so whoever delivers what a dead replica has left does that work,
    too. While the writer lives it has mostly done it by then, and nothing is left to do."""

    def __init__(self, bus: EventBus, changes: ChangeListener) -> None:
        self._publish = publish_to(bus)
        self._changes = changes

    async def __call__(self, owner: str, events: Sequence[Event]) -> None:
        await self._publish(owner, events)
        await self._changes.cart_written(owner, max(event.version for event in events))
