"""Events in, through the same use cases as the routes."""

from __future__ import annotations

from collections.abc import Mapping

from cart_service.carts.cleanup import CartCleanup
from cart_service.merging.service import CartMerger
from cart_service.promotions.claims import DroppedPromoCode
from cart_service.promotions.uses import PromotionUses
from cart_service.service import CartService
from shared.events.envelope import Event
from shared.events.ports import EventBus, EventHandler

USERS_CONSUMER = "cart"
PROMO_CODES_CONSUMER = "cart-promo-codes"
MERGES_CONSUMER = "cart-merges"


def user_handlers(cleanup: CartCleanup) -> Mapping[str, EventHandler]:
    """What other services' facts mean for carts."""

    async def user_deleted(event: Event) -> None:
        await cleanup.owner_was_deleted(event.entity_id)

    return {"shop.user.deleted.*": user_deleted}


def promo_code_handlers(uses: PromotionUses) -> Mapping[str, EventHandler]:
    """Codes that left a cart, for whoever could not give the use back."""

    async def promo_code_dropped(event: Event) -> None:
        dropped = DroppedPromoCode(event.data["code"], event.data["turn"])
        await uses.give_back(event.entity_id, dropped)

    return {"shop.cart.promo_code_dropped.*": promo_code_dropped}


def merge_handlers(merger: CartMerger) -> Mapping[str, EventHandler]:
    """Merges that began, for whoever could not finish one."""

    async def cart_handed_over(event: Event) -> None:
        await merger.finish(event.entity_id)

    return {"shop.cart.handed_over.*": cart_handed_over}


async def subscribe(bus: EventBus, service: CartService) -> None:
    """Starts the consumers; apart, so that none waits for another's retries."""
    await bus.subscribe(USERS_CONSUMER, user_handlers(service.cleanup))
    await bus.subscribe(PROMO_CODES_CONSUMER, promo_code_handlers(service.uses))
    await bus.subscribe(MERGES_CONSUMER, merge_handlers(service.merger))
