"""What the use cases of promotions need from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cart_service.promotions.claims import Claim, Tally
from cart_service.promotions.model import Promotion, PromotionStatus
from shared.aggregates.ports import AnnouncingRepository

Position = Sequence[str | int | None]
"""Where a page of a list ended, as JSON carries it."""


@dataclass(frozen=True, slots=True)
class PageOfPromotions:
    """`end` is None on the last page; `total` is a lower bound unless it is exact."""

    promotions: Sequence[Promotion]
    total: int
    total_is_exact: bool
    end: Position | None


class Cursors(Protocol):
    """Opaque cursors of lists; `query` names the list, with its filter."""

    def encode(self, position: Any, query: str = "") -> str | None: ...

    def decode(self, cursor: str, query: str = "") -> Any:
        """Raises `InvalidInput` for anything that `encode` did not make."""
        ...


class PromotionRepository(AnnouncingRepository[Promotion], Protocol):
    """The promotions by code. Every operation may raise `StoreUnavailable`."""

    async def page(
        self, status: PromotionStatus | None, now: datetime, limit: int, after: Position | None
    ) -> PageOfPromotions:
        """The newest first, as of about a second ago."""
        ...


class KnownPromotions(Protocol):
    """The promotions as this replica has heard of them."""

    def find(self, code: str) -> Promotion | None:
        """At once; None when it was never heard of, or long ago."""
        ...

    def remember(self, promotion: Promotion) -> None:
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


@dataclass(frozen=True, slots=True)
class PromotionStores:
    """Everything that is kept of promotions, and what this replica knows of them."""

    promotions: PromotionRepository
    claims: ClaimRepository
    tallies: TallyRepository
    book: KnownPromotions
    cursors: Cursors
