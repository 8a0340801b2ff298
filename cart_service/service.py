"""The use cases of the cart."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cart_service.carts.abandoned_reservations import AbandonedReservations
from cart_service.carts.deletions import KnownDeletions
from cart_service.carts.lifetimes import Lifetimes, OwnerKind
from cart_service.carts.model import Cart
from cart_service.carts.operations import Operation
from cart_service.carts.ports import CartRepository, VersionAnnouncements
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.pricer import Pricer
from cart_service.carts.pricing import PricedCart
from cart_service.carts.promo_codes import PromoCodes
from cart_service.carts.promo_operations import DropEndedPromoCode, dropped_between
from cart_service.carts.rendering import Rendered, render_cart
from cart_service.carts.renewal import Renewal
from cart_service.carts.service import CartWrite, CartWriter, WriteResult
from cart_service.carts.summaries import Summaries
from cart_service.carts.versions import KnownVersions
from cart_service.catalogue.ports import Catalogue
from cart_service.live.service import LiveCarts
from cart_service.live.tickets import StreamTickets
from cart_service.merging.service import CartMerger, Merge, Merged
from cart_service.promotions.claims import DroppedPromoCode
from cart_service.promotions.ports import PromotionStores
from cart_service.promotions.service import Promotions
from cart_service.promotions.uses import PromotionUses
from cart_service.upkeep.inspection import SummaryInspection
from cart_service.upkeep.ports import CodeHolders
from cart_service.upkeep.promotion_audit import PromotionAudit
from cart_service.upkeep.unreserved_carts import UnreservedCarts
from shared.cache.ports import Cache
from shared.clock import Clock


class CartService:
    """Everything that can be done with carts, for routes and subscribers alike."""

    def __init__(
        self,
        *,
        carts: CartRepository,
        promotions: PromotionStores,
        holders: CodeHolders,
        catalogue: Catalogue,
        cache: Cache,
        board: VersionAnnouncements,
        versions: KnownVersions,
        clock: Clock,
        currency: str,
        price_policy: PricePolicy,
        lifetimes: Lifetimes,
        live: LiveCarts,
        stream_tickets: StreamTickets,
        deletions: KnownDeletions,
        summary_ttl_seconds: int,
    ) -> None:
        self.live = live
        self.stream_tickets = stream_tickets
        self._clock = clock
        self._lifetimes = lifetimes
        self._deletions = deletions
        self._versions = versions
        self._carts = carts
        self._catalogue = catalogue
        uses = PromotionUses(promotions.claims, promotions.tallies, clock)
        self.promotions = Promotions(promotions, uses, catalogue, clock, currency=currency)
        self._give_back = uses.give_back
        self._pricer = Pricer(clock, self.promotions, currency=currency, policy=price_policy)
        self._renewal = Renewal(carts, lifetimes, clock)
        self._summaries = Summaries(
            carts,
            catalogue,
            self._pricer,
            self._renewal,
            cache=cache,
            board=board,
            versions=versions,
            ttl_seconds=summary_ttl_seconds,
        )
        self._writer = CartWriter(
            carts,
            catalogue,
            self._pricer,
            self._summaries,
            give_back=uses.give_back,
            clock=clock,
            lifetimes=lifetimes,
        )
        self.leftovers = AbandonedReservations(carts, promotions.claims, uses, clock)
        self.promo_codes = PromoCodes(self.promotions, uses, self.leftovers, self._writer, clock)
        self._merger = CartMerger(carts, self._writer, self.promo_codes.carry_over)
        self.inspection = SummaryInspection(carts, catalogue, self._pricer, cache, board)
        unbacked = UnreservedCarts(carts, promotions, uses, self.leftovers, self._writer, holders=holders)
        self.promotion_audit = PromotionAudit(promotions, self.leftovers, unbacked)

    async def cart(self, owner: str) -> Rendered:
        """The owner's cart, empty when there is none. Raises `StoreUnavailable`, `CatalogueUnavailable`."""
        return render_cart(await self.priced_cart(owner))

    async def priced_cart(
        self,
        owner: str,
        about_to_price: Callable[[Collection[str], str | None], None] = lambda _products, _code: None,
    ) -> PricedCart:
        """The same before it is rendered. `about_to_price` is told of its products and its promo code before
        they are looked at, so that whoever watches them misses no change."""
        cart = await self._carts.get(owner) or Cart(owner)
        products = self._pricer.products_of(cart)
        about_to_price(products, cart.promo_code)
        shelf = await self._catalogue.load(products)
        await self._pricer.prepare(cart)
        priced = self._pricer.price(cart, shelf.products)
        await self._summaries.secure(priced, shelf.revision)
        await self._renewal.renew(cart)
        return priced

    async def summary(self, owner: str) -> Rendered:
        """The cart in short, mostly from the cache. Raises `StoreUnavailable`, `CatalogueUnavailable`."""
        return await self._summaries.get(owner)

    async def write(self, write: CartWrite) -> WriteResult:
        """Changes a cart; see `CartWriter.write`."""
        return await self._writer.write(write)

    async def merge(self, merge: Merge) -> Merged:
        """Merges a guest's cart into a customer's, with its promo code where the customer has none and may
        have it; see `CartMerger.merge`."""
        return await self._merger.merge(merge)

    async def cart_was_handed_over(self, guest: str) -> None:
        """Finishes a merge whose caller or replica went away."""
        await self._merger.finish(guest)

    def drop_ended_promo_code(self) -> Operation:
        """What acknowledging the notice of an ended code means."""
        return DropEndedPromoCode(self._pricer.is_over)

    async def promo_code_was_dropped(self, owner: str, dropped: DroppedPromoCode) -> None:
        """Gives its use back, should the writer have died before it could."""
        await self._give_back(owner, dropped)

    async def cart_was_updated(self, owner: str, version: int) -> None:
        """Part of the delivery of each write's events: drops what the cache holds of older versions. A cart
        that was written after its owner's account was deleted, by a request or a merge on its way, is removed
        again. Raises `SummaryNotSecured`."""
        if self._deletions.include(owner):
            await self.owner_was_deleted(owner)
        else:
            await self._summaries.outdate(owner, version)

    async def heard_of_deletion(self, owner: str) -> None:
        """An account was deleted. A cart of it that this replica knows may have been written after it was
        removed: then the delivery of its event found nothing wrong."""
        self._deletions.heard(owner)
        if self._versions.newest(owner) > 0:
            await self.owner_was_deleted(owner)

    async def owner_was_deleted(self, owner: str) -> None:
        """Removes the owner's cart, summary and claims to promo codes; repeating it changes nothing."""
        await self._carts.remove(owner)
        await self._summaries.forget(owner)
        await self.leftovers.forget(owner)

    async def expired_cart_was_removed(self, cart: Cart) -> None:
        """Clears away what there is of the cart outside its document. Raises `SummaryNotSecured`,
        `StoreUnavailable`."""
        try:
            if dropped := dropped_between(cart, None):
                await self._give_back(cart.owner, dropped)
            if cart.owner_kind is OwnerKind.GUEST:
                await self.leftovers.retain(cart.owner, self._clock.now() + self._lifetimes.guest)
        finally:
            await self._summaries.forget(cart.owner)
