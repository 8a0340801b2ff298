"""Every check of `trolley verify`, in the order in which they run."""

from __future__ import annotations

from trolley.verify.announcements import Announcements
from trolley.verify.cart_products import CartProducts
from trolley.verify.findings import ConsistencyCheck
from trolley.verify.pending_events import PendingEvents
from trolley.verify.products import OrphanEntries, ProductEntriesCheck
from trolley.verify.promotion_uses import PromotionUsesCheck
from trolley.verify.promotions import PromotionEntries
from trolley.verify.shop import Shop
from trolley.verify.summaries import SummariesCheck


def all_checks(shop: Shop, pending_seconds: float) -> list[ConsistencyCheck]:
    """Causes come before what follows from them: events before entries, entries before carts, and what is
    cached at last."""
    return [
        *(PendingEvents(store, outbox, shop.clock, pending_seconds) for store, outbox in shop.outboxes),
        ProductEntriesCheck(shop.products, shop.clock, pending_seconds),
        OrphanEntries(shop.products, shop.currency),
        PromotionEntries(shop.carts.promotions, shop.promotion_entries, shop.clock, pending_seconds),
        CartProducts(shop.carts, shop.products),
        PromotionUsesCheck(shop.carts),
        Announcements(shop.carts),
        SummariesCheck(shop.carts, shop.cache),
    ]
