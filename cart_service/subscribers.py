"""Subscribers of events. They call the same use cases as the routes."""

from __future__ import annotations

from dataclasses import dataclass

from cart_service.carts.events import CartHandedOver, CartPromoCodeDropped
from cart_service.promotions.claims import DroppedPromoCode
from cart_service.service import CartService
from shared.events.contracts import UserDeleted
from shared.events.domain_event import subscription
from shared.events.ports import EventBus

USERS_CONSUMER = "cart"
PROMO_CODES_CONSUMER = "cart-promo-codes"
MERGES_CONSUMER = "cart-merges"


@dataclass(frozen=True, slots=True)
class CartSubscribers:
    """The handlers of events. Each may be called again with the same event."""

    service: CartService

    async def user_deleted(self, event: UserDeleted) -> None:
        """Deletes the cart of a deleted account."""
        await self.service.cleanup.owner_was_deleted(event.entity_id)

    async def promo_code_dropped(self, event: CartPromoCodeDropped) -> None:
        """Gives the use of the code back if the writer could not."""
        await self.service.uses.give_back(event.entity_id, DroppedPromoCode(event.code, event.turn))

    async def cart_handed_over(self, event: CartHandedOver) -> None:
        """Finishes the merge if the replica that began it could not."""
        await self.service.merger.finish(event.entity_id)


async def subscribe(bus: EventBus, service: CartService) -> None:
    """Starts the consumers. There are three, so that none waits for another's retries."""
    subscribers = CartSubscribers(service)
    await bus.subscribe(USERS_CONSUMER, subscription(UserDeleted, subscribers.user_deleted))
    await bus.subscribe(
        PROMO_CODES_CONSUMER, subscription(CartPromoCodeDropped, subscribers.promo_code_dropped)
    )
    await bus.subscribe(MERGES_CONSUMER, subscription(CartHandedOver, subscribers.cart_handed_over))
