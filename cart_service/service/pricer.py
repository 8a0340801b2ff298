"""Prices carts under the shop's terms."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cart_service.domain.cart import Cart
from cart_service.domain.price_policy import PricePolicy
from cart_service.domain.pricing import PricedCart, Terms, price
from cart_service.domain.products import Product
from shared.clock import Clock


class Pricer:
    """What any replica makes of a cart and the products in it, at this moment."""

    def __init__(self, clock: Clock, *, currency: str, policy: PricePolicy) -> None:
        self._clock = clock
        self._currency = currency
        self._policy = policy

    def price(self, cart: Cart, products: Mapping[str, Product]) -> PricedCart:
        """The cart at the prices of `products`, which holds each of `products_of`."""
        return price(cart, products, Terms(self._currency, self._policy, self._clock.now()))

    def products_of(self, cart: Cart) -> Collection[str]:
        """The products that the cart shows."""
        return {**cart.lines, **cart.saved}.keys() if cart.saved else cart.lines.keys()

    def is_past(self, moment_millis: int) -> bool:
        """Whether that moment, in milliseconds since 1970, has come; 0 never does."""
        return 0 < moment_millis <= self._clock.now().timestamp() * 1000
