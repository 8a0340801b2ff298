"""Ports of the upkeep of carts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from cart_service.carts.model import Cart


class ExpiringCarts(Protocol):
    """The carts by the end of their life. Every operation may raise `StoreUnavailable`."""

    def expired(self, before: datetime, batch: int) -> AsyncIterator[Sequence[str]]:
        """The owners of carts that have probably expired, the oldest first, page by page."""
        ...

    async def remove(self, owner: str, before: datetime) -> Cart | None:
        """Removes an expired cart and returns it. Returns None and does nothing if it has not expired, does
        not exist, or has undelivered events."""
        ...


class Lease(Protocol):
    """Limits a task to one replica at a time. A lease ends by itself."""

    async def acquire(self) -> bool:
        """Takes or renews the lease. False if another replica has it, or if NATS is not available."""
        ...


class CodeHolders(Protocol):
    """The carts by their promo code. May raise `StoreUnavailable`."""

    def carts_with(self, code: str) -> AsyncIterator[Cart]:
        """The carts with this code. The result includes every write acknowledged before this call."""
        ...
