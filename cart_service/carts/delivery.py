"""Delivery of carts' events: the facts themselves, then what their writer may have died before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from shared.aggregates.outbox import publish_to
from shared.events.envelope import Event
from shared.events.ports import EventBus

OnUpdated = Callable[[str, int], Awaitable[None]]


class CartDelivery:
    """Publishes a cart's events, then has `on_updated` (owner, version) see to its summary. Only after both
    does the cart forget them: so whoever delivers what a dead replica has left does that work, too. While the
    writer lives it has mostly done it by then, and nothing is left to do."""

    def __init__(self, bus: EventBus) -> None:
        self._publish = publish_to(bus)
        self._on_updated: OnUpdated

    def attach(self, on_updated: OnUpdated) -> None:
        """Before the first delivery."""
        self._on_updated = on_updated

    async def __call__(self, owner: str, events: Sequence[Event]) -> None:
        await self._publish(owner, events)
        await self._on_updated(owner, max(event.version for event in events))
