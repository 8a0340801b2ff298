"""Prices carts under the shop's terms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

from cart_service.carts.model import Cart
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.priced_lines import Terms
from cart_service.carts.pricing import price
from cart_service.catalogue.model import CatalogueProduct
from cart_service.promotions.model import PromotionStatus
from cart_service.promotions.service import Promotions
from shared.clock import Clock
from shared.errors import Unavailable


class Pricer:
    """Prices a cart as every replica does at this moment."""

    def __init__(self, clock: Clock, promotions: Promotions, *, currency: str, policy: PricePolicy) -> None:
        self._clock = clock
        self._promotions = promotions
        self._currency = currency
        self._policy = policy

    def price(self, cart: Cart, products: Mapping[str, CatalogueProduct]) -> PricedCart:
        """The cart at the prices of `products`, which holds each of `products_of`."""
        promotion = self._promotions.known(cart.promo_code) if cart.promo_code else None
        return price(cart, products, Terms(self._currency, self._policy, self._clock.now(), promotion))

    async def prepare(self, cart: Cart) -> None:
        """Reads the promotion of the cart's code if this replica has not heard of it. A promotion that cannot
        be found now is priced as ended; the summary is then not served again."""
        if cart.promo_code and self._promotions.known(cart.promo_code) is None:
            with suppress(Unavailable):
                await self._promotions.find(cart.promo_code)

    def is_current(self, code: str, version: int) -> bool:
        """Whether this replica can tell that no newer version of the promotion is known."""
        promotion = self._promotions.known(code)
        return promotion is not None and version >= promotion.version

    def is_over(self, code: str) -> bool:
        """Whether a code takes nothing off any more. An unknown one counts as ended, as for pricing."""
        promotion = self._promotions.known(code)
        return promotion is None or promotion.status_at(self._clock.now()) is PromotionStatus.ENDED

    def products_of(self, cart: Cart) -> Collection[str]:
        """The products that the cart shows."""
        return {**cart.lines, **cart.saved}.keys() if cart.saved else cart.lines.keys()

    def is_past(self, moment_millis: int) -> bool:
        """Whether that moment, in milliseconds since 1970, has come; 0 never does."""
        return 0 < moment_millis <= self._clock.now().timestamp() * 1000
