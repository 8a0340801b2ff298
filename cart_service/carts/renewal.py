"""Carts are kept by those who look at them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from cart_service.carts.lifetimes import Lifetimes
from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository
from shared.aggregates.change import Change
from shared.clock import Clock, from_rfc3339, to_rfc3339
from shared.errors import Unavailable

_RENEWAL_SECONDS = 1.0


class Renewal:
    """Somebody who looks at a cart keeps it: where no more than half of its life is left, it begins anew. An
    empty cart is not worth a write."""

    def __init__(self, carts: CartRepository, lifetimes: Lifetimes, clock: Clock) -> None:
        self._carts = carts
        self._lifetimes = lifetimes
        self._clock = clock

    def begins_at(self, cart: Cart) -> datetime | None:
        """From when on a look keeps the cart, if that is not yet."""
        if cart.is_empty or cart.expires_at is None:
            return None
        begin = self._half_life_of(cart.expires_at, cart)
        return begin if begin > self._clock.now() else None

    async def renew(self, cart: Cart) -> Cart:
        """The cart, kept for longer if that is due: at most one write in half a life. Never raises: who reads
        is not concerned."""
        if not self._is_due(cart):
            return cart
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_RENEWAL_SECONDS):
                return replace(cart, expires_at=await self._carts.update(cart.owner, self._renewed))
        return cart

    def _renewed(self, cart: Cart | None) -> Change[Cart, str | None]:
        if cart is None or not self._is_due(cart):
            return Change(None, cart.expires_at if cart else None)
        end = to_rfc3339(self._lifetimes.end_of(cart, self._clock.now()))
        return Change(replace(cart, expires_at=end), end)

    def _is_due(self, cart: Cart) -> bool:
        if cart.is_empty:
            return False
        if cart.expires_at is None:  # written by a release that kept carts for ever
            return True
        return self._half_life_of(cart.expires_at, cart) <= self._clock.now()

    def _half_life_of(self, expires_at: str, cart: Cart) -> datetime:
        return from_rfc3339(expires_at) - self._lifetimes.of(cart) / 2
