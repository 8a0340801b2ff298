"""How long a cart is kept. It slides: each write begins it anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from cart_service.carts.undo import UNDO_WINDOW

if TYPE_CHECKING:
    from cart_service.carts.model import Cart


class OwnerKind(StrEnum):
    """A guest is known by one browser only, so a guest's cart is forgotten sooner."""

    GUEST = "guest"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long carts are kept after their last write, by their owner, and empty ones."""

    guest: timedelta = timedelta(days=30)
    user: timedelta = timedelta(days=90)
    empty: timedelta = timedelta(hours=6)

    def of(self, cart: Cart) -> timedelta:
        """The life of the cart after a write, without what could still be undone.

        A guest's cart that was merged is kept as long as the merge can be undone and then made again, and a
        repeat without a key is told what the merge did; one with a key finds that in the customer's cart.
        """
        if cart.is_empty:
            return self.empty + UNDO_WINDOW if cart.pending_merge else self.empty
        return self.guest if cart.owner_kind is OwnerKind.GUEST else self.user

    def end_of(self, cart: Cart, now: datetime) -> datetime:
        """When the cart expires if nothing more happens to it; not while its last clear can be undone."""
        end = now + self.of(cart)
        return max(end, cart.undo.until) if cart.undo else end
