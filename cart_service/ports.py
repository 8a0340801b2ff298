"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from cart_service.domain.cart import Cart
from cart_service.domain.products import Product
from shared.errors import Unavailable
from shared.store.repository import Change

R = TypeVar("R")


class CatalogueUnavailable(Unavailable):
    """A product was never heard of here, and NATS cannot be asked. Nothing was written."""

    code = "catalogue-unavailable"


class CartRepository(Protocol):
    """The carts, found by their owner's id. Every operation may raise `StoreUnavailable`."""

    async def get(self, id: str) -> Cart | None:
        """The cart as of its last acknowledged write by any replica."""
        ...

    async def update(self, id: str, change: Callable[[Cart | None], Change[Cart, R]]) -> R:
        """Applies `change` to the newest cart, again and again until no other write came between."""
        ...

    async def remove(self, id: str) -> bool:
        """True when there was one."""
        ...


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

    async def hold(self) -> bool:
        """Takes the lease, or begins it anew; False when another replica has it, or nobody can tell."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """Products as they were at one moment: each change up to `revision` of the catalogue is in."""

    products: Mapping[str, Product]
    revision: int


class Catalogue(Protocol):
    """The products as this replica has heard of them."""

    def peek(self, ids: Collection[str]) -> Shelf:
        """Those of the products that are known at once."""
        ...

    async def load(self, ids: Collection[str]) -> Shelf:
        """All of the products, asked for where they are not known. Raises `CatalogueUnavailable`."""
        ...

    def unchanged_since(self, revision: int, ids: Callable[[], Collection[str]]) -> bool:
        """Whether this replica can tell that none of the products changed after that revision. `ids` is only
        called when it matters."""
        ...


class VersionBoard(Protocol):
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
