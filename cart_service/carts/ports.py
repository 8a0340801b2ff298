"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from cart_service.carts.model import Cart
from cart_service.catalogue.model import Product
from cart_service.promotions.claims import Claim, Tally
from cart_service.promotions.model import Promotion, PromotionStatus
from shared.aggregates.coalescing import Change
from shared.errors import Unavailable
from shared.security.identity import Identity

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

    def note_derived(self, id: str, derived_bytes: int) -> None:
        """Counts the memory of what was made of the cart and is kept with it, such as its lines as JSON."""
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


@dataclass(frozen=True, slots=True)
class StreamGrant:
    """What somebody may follow: the owner's cart, as `viewer`."""

    owner: str
    viewer: Identity


class StreamGrants(Protocol):
    """What tickets for live carts stand for. Every operation may raise `BusUnavailable`."""

    async def put(self, ticket: str, grant: StreamGrant, valid_until: datetime) -> None:
        """Keeps it for every replica, somewhat longer than it is valid."""
        ...

    async def take(self, ticket: str) -> tuple[StreamGrant, datetime] | None:
        """What the ticket stands for and until when, to one caller of all; None to any other."""
        ...


Position = Sequence[str | int | None]
"""Where a page of a list ended, as JSON carries it."""


@dataclass(frozen=True, slots=True)
class PromotionPage:
    """`end` is None on the last page; `total` is a lower bound unless it is exact."""

    promotions: Sequence[Promotion]
    total: int
    total_is_exact: bool
    end: Position | None


class Cursors(Protocol):
    """Opaque cursors of lists; `query` names the list, with its filter."""

    def encode(self, position: Any, query: str = "") -> str: ...

    def decode(self, cursor: str, query: str = "") -> Any:
        """Raises `InvalidInput` for anything that `encode` did not make."""
        ...


class PromotionRepository(Protocol):
    """The promotions by code. Every operation may raise `StoreUnavailable`."""

    async def get(self, id: str) -> Promotion | None: ...

    async def update(self, id: str, change: Callable[[Promotion | None], Change[Promotion, R]]) -> R:
        """Applies `change` to the newest version by compare-and-swap, again where another was faster."""
        ...

    async def page(
        self, status: PromotionStatus | None, now: datetime, limit: int, after: Position | None
    ) -> PromotionPage:
        """The newest first, as of about a second ago."""
        ...

    async def delivered(self, id: str, timeout_seconds: float) -> bool:
        """True when every replica can hear of the last change, False after that time."""
        ...


class PromotionBook(Protocol):
    """The promotions as this replica has heard of them."""

    def find(self, code: str) -> Promotion | None:
        """At once; None when it was never heard of, or long ago."""
        ...

    def learn(self, promotion: Promotion) -> None:
        """Keeps it, unless a newer version is known."""
        ...


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """`end` is None on the last page."""

    claims: Sequence[Claim]
    end: Position | None


class ClaimRepository(Protocol):
    """Users' claims to codes. Every operation may raise `StoreUnavailable`."""

    async def change(self, code: str, owner: str, step: Callable[[Claim], Claim]) -> Claim:
        """The claim after `step`, a pure function that may be called again. A step that gives the very same
        claim writes nothing; what it raises reaches the caller."""
        ...

    async def drop(self, code: str, owner: str, may_go: Callable[[Claim], bool]) -> None:
        """Removes the claim, if there is one and the newest of it may go."""
        ...

    async def reserved(self, code: str) -> int:
        """How many there are, as of about a second ago; a lower bound when there are many thousands."""
        ...

    async def refresh(self) -> None:
        """Makes every write acknowledged before this call visible to `of_code`, `of_owner` and `all`."""
        ...

    def of_code(self, code: str) -> AsyncIterator[Claim]: ...

    def of_owner(self, owner: str) -> AsyncIterator[Claim]: ...

    def all(self) -> AsyncIterator[Claim]: ...

    async def unchanged_since(self, moment: datetime, limit: int, after: Position | None) -> ClaimPage:
        """Those that are not free and did not change since then, as of about a second ago, the oldest
        first."""
        ...


class TallyRepository(Protocol):
    """The uses of each code, counted. Every operation may raise `StoreUnavailable`."""

    async def get(self, id: str) -> Tally | None: ...

    async def change(self, code: str, step: Callable[[Tally], Tally]) -> Tally:
        """As `ClaimRepository.change`."""
        ...


class CodeHolders(Protocol):
    """The carts by their promo code. May raise `StoreUnavailable`."""

    def carts_with(self, code: str) -> AsyncIterator[Cart]:
        """Those on which it stands, as of every write acknowledged before this call, or a newer one."""
        ...


@dataclass(frozen=True, slots=True)
class PromotionStores:
    """Everything that is kept of promotions, and what this replica knows of them."""

    promotions: PromotionRepository
    claims: ClaimRepository
    tallies: TallyRepository
    holders: CodeHolders
    book: PromotionBook
    cursors: Cursors
