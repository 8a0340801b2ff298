"""What the use cases need from outside."""

from __future__ import annotations

from typing import Protocol

from cart_service.carts.model import Cart
from shared.aggregates.ports import Repository


class CartRepository(Repository[Cart], Protocol):
    """The carts, found by their owner's id. Every operation may raise `StoreUnavailable`."""

    async def remove(self, id: str) -> bool:
        """True when there was one."""
        ...

    def note_derived(self, id: str, derived_bytes: int) -> None:
        """Counts the memory of what was made of the cart and is kept with it, such as its lines as JSON."""
        ...


class VersionAnnouncements(Protocol):
    """Tells every replica how new a cart is, when the cache could not be told."""

    @property
    def connected(self) -> bool:
        """False while the announcements of others may be missed."""
        ...

    async def announce(self, owner: str, version: int) -> bool:
        """True once the announcement is kept for every replica."""
        ...

    async def announced(self, owner: str) -> int | None:
        """The version that is announced at the moment. Raises `BusUnavailable`."""
        ...
