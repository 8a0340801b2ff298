"""Finds wrong summaries in the cache that a replica would serve."""

from __future__ import annotations

from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository, VersionAnnouncements
from cart_service.carts.pricing import Pricer
from cart_service.carts.rendering import render_summary
from cart_service.carts.schemas import SUMMARY_FORMAT
from cart_service.carts.summaries import CachedSummary, cache_key
from cart_service.catalogue.ports import Catalogue
from shared.cache.ports import Cache


class SummaryInspection:
    """Compares the cache with the store and the catalogue, and not with what this process has heard."""

    def __init__(
        self,
        carts: CartRepository,
        catalogue: Catalogue,
        pricer: Pricer,
        cache: Cache,
        announcements: VersionAnnouncements,
    ) -> None:
        self._carts = carts
        self._catalogue = catalogue
        self._pricer = pricer
        self._cache = cache
        self._announcements = announcements

    async def find_fault(self, owner: str) -> str | None:
        """What is wrong with the owner's cached summary. None if there is no summary, if it is right, or if
        every replica refuses it. Raises `StoreUnavailable`, `CatalogueUnavailable`, `BusUnavailable`."""
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
        """Removes the summary from the cache. The next read builds it again."""
        await self._cache.delete(cache_key(owner))

    async def _judge_version(self, summary: CachedSummary, cart: Cart) -> str | None:
        if summary.cart_version < cart.version and await self._is_announced(summary, cart):
            return None
        return f"the cached summary is of version {summary.cart_version}, the cart is at {cart.version}"

    async def _is_announced(self, summary: CachedSummary, cart: Cart) -> bool:
        return (await self._announcements.announced(cart.owner) or 0) > summary.cart_version

    async def _judge_body(self, summary: CachedSummary, cart: Cart) -> str | None:
        ids = summary.product_ids()
        snapshot = await self._catalogue.load({*ids, *self._pricer.products_of(cart)})
        if summary.revision > snapshot.revision:
            return None
        if any(snapshot.products[id].revision > summary.revision for id in ids):
            return None
        await self._pricer.prepare(cart)
        fresh = render_summary(self._pricer.price(cart, snapshot.products))
        if (fresh.etag, fresh.body) == (summary.etag, summary.body):
            return None
        return f"the cached summary of version {cart.version} differs from one made now"
