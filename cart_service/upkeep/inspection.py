"""Looking for cached summaries that a replica would serve though they are wrong."""

from __future__ import annotations

from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository, VersionAnnouncements
from cart_service.carts.pricer import Pricer
from cart_service.carts.rendering import render_summary
from cart_service.carts.schemas import SUMMARY_FORMAT
from cart_service.carts.summaries import CachedSummary, cache_key
from cart_service.catalogue.ports import Catalogue
from shared.cache.ports import Cache


class SummaryInspection:
    """Judges what is in the cache by the store and the catalogue, not by what this process has heard."""

    def __init__(
        self,
        carts: CartRepository,
        catalogue: Catalogue,
        pricer: Pricer,
        cache: Cache,
        board: VersionAnnouncements,
    ) -> None:
        self._carts = carts
        self._catalogue = catalogue
        self._pricer = pricer
        self._cache = cache
        self._board = board

    async def find_fault(self, owner: str) -> str | None:
        """What is wrong with the owner's cached summary; None when there is none, when it is right, and when
        every replica refuses it anyway. Raises `StoreUnavailable`, `CatalogueUnavailable`, `BusUnavailable`.
        """
        cached = await self._cache.get(cache_key(owner))
        if cached is None or not cached.value:
            return None
        try:
            summary = CachedSummary.of(cached, SUMMARY_FORMAT)
        except ValueError:
            return "the cached summary cannot be read"
        if self._pricer.is_past(summary.valid_until):
            return None
        if summary.promo and not self._pricer.is_current(*summary.promo_code()):
            return None
        cart = await self._carts.get(owner) or Cart(owner)
        if summary.cart_version != cart.version:
            return await self._judge_version(summary, cart)
        return await self._judge_body(summary, cart)

    async def drop(self, owner: str) -> None:
        """Takes the summary out of the cache; the next reader has it made anew."""
        await self._cache.delete(cache_key(owner))

    async def _judge_version(self, summary: CachedSummary, cart: Cart) -> str | None:
        if summary.cart_version < cart.version and await self._is_announced(summary, cart):
            return None
        return f"the cached summary is of version {summary.cart_version}, the cart is at {cart.version}"

    async def _is_announced(self, summary: CachedSummary, cart: Cart) -> bool:
        return (await self._board.announced(cart.owner) or 0) > summary.cart_version

    async def _judge_body(self, summary: CachedSummary, cart: Cart) -> str | None:
        ids = summary.product_ids()
        shelf = await self._catalogue.load({*ids, *self._pricer.products_of(cart)})
        if summary.revision > shelf.revision:
            return None
        if any(shelf.products[id].revision > summary.revision for id in ids):
            return None
        await self._pricer.prepare(cart)
        fresh = render_summary(self._pricer.price(cart, shelf.products))
        if (fresh.etag, fresh.body) == (summary.etag, summary.body):
            return None
        return f"the cached summary of version {cart.version} differs from one made now"
