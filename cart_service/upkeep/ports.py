"""What the upkeep of carts needs from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from cart_service.carts.model import Cart


class ExpiringCarts(Protocol):
    """The carts by the end of their life. Every operation may raise `StoreUnavailable`."""

    def expired(self, before: datetime, batch: int) -> AsyncIterator[Sequence[str]]:
        """The owners of carts that seem to have expired, the oldest first, page by page."""
        ...

    async def remove(self, owner: str, before: datetime) -> Cart | None:
        """The cart, removed. None, and nothing happens, when it has not expired (any more), is gone already,
        or holds events that were not delivered."""
        ...


class Lease(Protocol):
    """Makes sure that one replica at a time does something. It ends by itself."""

    async def acquire(self) -> bool:
        """Takes the lease, or begins it anew; False when another replica has it, or nobody can tell."""
        ...


class CodeHolders(Protocol):
    """The carts by their promo code. May raise `StoreUnavailable`."""

    def carts_with(self, code: str) -> AsyncIterator[Cart]:
        """Those on which it stands, as of every write acknowledged before this call, or a newer one."""
        ...
