"""How long a cart is kept. Each write, and a look in the second half of its life, begins its life again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cart_service.carts.model import Cart, OwnerKind
from cart_service.carts.ports import CartRepository
from cart_service.carts.undo import UNDO_WINDOW
from shared.aggregates.change import Change
from shared.clock import Clock, from_rfc3339, to_rfc3339
from shared.errors import Unavailable

_RENEWAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long carts are kept after their last write, by their owner, and empty ones."""

    guest: timedelta = timedelta(days=30)
    user: timedelta = timedelta(days=90)
    empty: timedelta = timedelta(hours=6)

    def of(self, cart: Cart) -> timedelta:
        """The life of the cart after a write, without the time in which an undo is possible.

        A guest's cart that was merged is kept until the merge can be neither undone nor made again. So long,
        a repeat without a key gets the merge's report; one with a key finds it in the customer's cart.
        """
        if cart.is_empty:
            return self.empty + UNDO_WINDOW if cart.pending_merge else self.empty
        return self.guest if cart.owner_kind is OwnerKind.GUEST else self.user

    def end_of(self, cart: Cart, now: datetime) -> datetime:
        """When the cart expires if nothing more happens to it; never while its last clear can be undone."""
        end = now + self.of(cart)
        return max(end, cart.undo.until) if cart.undo else end


class Renewal:
    """A look at a cart begins its life again once half of it is over. An empty cart is not worth a write."""

    def __init__(self, carts: CartRepository, lifetimes: Lifetimes, clock: Clock) -> None:
        self._carts = carts
        self._lifetimes = lifetimes
        self._clock = clock

    def begins_at(self, cart: Cart) -> datetime | None:
        """When a look begins to renew the cart; None if one does already, or never does."""
        if cart.is_empty or cart.expires_at is None:
            return None
        begin = self._half_life_of(cart.expires_at, cart)
        return begin if begin > self._clock.now() else None

    async def renew(self, cart: Cart) -> Cart:
        """The cart, kept for longer if that is due: at most one write in half a life. Never raises, because a
        reader gets the cart without it."""
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
        if cart.expires_at is None:  # written by a release without lifetimes
            return True
        return self._half_life_of(cart.expires_at, cart) <= self._clock.now()

    def _half_life_of(self, expires_at: str, cart: Cart) -> datetime:
        return from_rfc3339(expires_at) - self._lifetimes.of(cart) / 2
