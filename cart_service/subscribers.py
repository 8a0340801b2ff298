"""Events in, through the same use cases as the routes."""

from __future__ import annotations

from collections.abc import Mapping

from cart_service.service import CartService
from shared.events.envelope import Event
from shared.events.ports import EventBus, EventHandler

USERS_CONSUMER = "cart"
SUMMARIES_CONSUMER = "cart-summaries"


def user_handlers(carts: CartService) -> Mapping[str, EventHandler]:
    """What other services' facts mean for carts."""

    async def user_deleted(event: Event) -> None:
        await carts.owner_was_deleted(event.entity_id)

    return {"shop.user.deleted.*": user_deleted}


def summary_handlers(carts: CartService) -> Mapping[str, EventHandler]:
    """Carts' own facts, for what the writer could not finish."""

    async def cart_updated(event: Event) -> None:
        await carts.cart_was_updated(event.entity_id, event.version)

    return {"shop.cart.updated.*": cart_updated}


async def subscribe(bus: EventBus, carts: CartService) -> None:
    """Starts both consumers; apart, so that neither waits for the other's retries."""
    await bus.subscribe(USERS_CONSUMER, user_handlers(carts))
    await bus.subscribe(SUMMARIES_CONSUMER, summary_handlers(carts))
