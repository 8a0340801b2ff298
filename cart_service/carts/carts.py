"""The use cases of a cart: reading it, and changing it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cart_service.carts.model import Cart
from cart_service.carts.operations import Operation
from cart_service.carts.ports import CartRepository
from cart_service.carts.pricer import Pricer
from cart_service.carts.pricing import PricedCart
from cart_service.carts.promo_operations import DropEndedPromoCode
from cart_service.carts.rendering import Rendered, render_cart
from cart_service.carts.renewal import Renewal
from cart_service.carts.service import CartWrite, CartWriter, WriteResult
from cart_service.carts.summaries import Summaries
from cart_service.catalogue.ports import Catalogue


class Carts:
    def __init__(
        self,
        carts: CartRepository,
        catalogue: Catalogue,
        pricer: Pricer,
        renewal: Renewal,
        summaries: Summaries,
        *,
        writer: CartWriter,
    ) -> None:
        self._carts = carts
        self._catalogue = catalogue
        self._pricer = pricer
        self._renewal = renewal
        self._summaries = summaries
        self._writer = writer

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

    def drop_ended_promo_code(self) -> Operation:
        """What acknowledging the notice of an ended code means."""
        return DropEndedPromoCode(self._pricer.is_over)
