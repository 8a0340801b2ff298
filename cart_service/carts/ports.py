"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cart_service.carts.model import Cart
from cart_service.carts.priced_cart import PricedCart
from shared.aggregates.ports import Repository


class CartRepository(Repository[Cart], Protocol):
    """The carts, found by their owner's id. Every operation may raise `StoreUnavailable`."""

    async def remove(self, id: str) -> bool:
        """True if there was one."""
        ...

    def note_derived(self, id: str, derived_bytes: int) -> None:
        """Counts the memory of what is kept with the cart, such as its priced lines and their JSON."""
        ...


class VersionAnnouncements(Protocol):
    """Announces a cart's version to every replica if the cache cannot hold it."""

    @property
    def connected(self) -> bool:
        """False while the announcements of others may be missed."""
        ...

    async def announce(self, owner: str, version: int) -> bool:
        """True once the announcement is kept for every replica."""
        ...

    async def announced(self, owner: str) -> int | None:
        """The version that is announced now, if any. Raises `BusUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A cart or a summary, ready to be sent. `etag` is the opaque part of the ETag."""

    body: bytes
    etag: str
    version: int


RenderSummary = Callable[[PricedCart], Rendered]
"""Makes the summary that the cache keeps."""
