"""Reading a cart."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cart_service.carts.lifetimes import Renewal
from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.pricing import Pricer
from cart_service.carts.summaries import Summaries
from cart_service.catalogue.ports import Catalogue


class CartReader:
    """Reads a cart with its prices, and renews its life if that is due."""

    def __init__(
        self,
        carts: CartRepository,
        catalogue: Catalogue,
        pricer: Pricer,
        renewal: Renewal,
        summaries: Summaries,
    ) -> None:
        self._carts = carts
        self._catalogue = catalogue
        self._pricer = pricer
        self._renewal = renewal
        self._summaries = summaries

    async def read(
        self,
        owner: str,
        about_to_price: Callable[[Collection[str], str | None], None] = lambda _products, _code: None,
    ) -> PricedCart:
        """The owner's cart, empty if there is none. `about_to_price` gets its products and its promo code
        before they are looked up, so a watcher of them misses no change. Raises `StoreUnavailable`,
        `CatalogueUnavailable`."""
        cart = await self._carts.get(owner) or Cart(owner)
        products = self._pricer.products_of(cart)
        about_to_price(products, cart.promo_code)
        loaded = await self._catalogue.load(products)
        await self._pricer.prepare(cart)
        priced = self._pricer.price(cart, loaded.products)
        await self._summaries.secure(priced, loaded.revision)
        await self._renewal.renew(cart)
        return priced
