"""The use cases of the cart."""

from __future__ import annotations

from dataclasses import dataclass

from cart_service.carts.abandoned_reservations import AbandonedReservations
from cart_service.carts.cleanup import CartCleanup
from cart_service.carts.promo_codes import PromoCodes
from cart_service.carts.reader import CartReader
from cart_service.carts.service import CartWriter
from cart_service.carts.summaries import Summaries
from cart_service.export.service import CartExport
from cart_service.live.service import LiveCarts
from cart_service.live.tickets import StreamTickets
from cart_service.merging.service import CartMerger
from cart_service.promotions.service import Promotions
from cart_service.promotions.uses import PromotionUses
from cart_service.upkeep.inspection import SummaryInspection
from cart_service.upkeep.promotion_audit import PromotionAudit


@dataclass(frozen=True, slots=True)
class CartService:
    """The use cases, in groups. Routes use the first eight, subscribers and the sweep the next three, the
    command line the next two, and other services ask the last."""

    reader: CartReader
    summaries: Summaries
    writer: CartWriter
    merger: CartMerger
    promo_codes: PromoCodes
    promotions: Promotions
    live: LiveCarts
    stream_tickets: StreamTickets
    cleanup: CartCleanup
    uses: PromotionUses
    abandoned_reservations: AbandonedReservations
    inspection: SummaryInspection
    promotion_audit: PromotionAudit
    export: CartExport
