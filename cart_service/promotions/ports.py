"""What the use cases of promotions need from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cart_service.promotions.claims import Claim, Tally
from cart_service.promotions.model import Promotion, PromotionStatus
from shared.aggregates.ports import AnnouncingRepository, ListPage
from shared.store.ports import Position


class PromotionRepository(AnnouncingRepository[Promotion], Protocol):
    """The promotions by code. Every operation may raise `StoreUnavailable`."""

    async def page(
        self, status: PromotionStatus | None, now: datetime, limit: int, after: Position | None
    ) -> ListPage[Promotion]:
        """The newest first, as of about a second ago."""
        ...


class KnownPromotions(Protocol):
    """The promotions in the memory of this replica."""

    def find(self, code: str) -> Promotion | None:
        """Reads memory only. None for an unknown promotion."""
        ...

    def remember(self, promotion: Promotion) -> None:
        """Keeps the promotion, unless a newer version is known."""
        ...


class ClaimRepository(Protocol):
    """Users' claims to codes. Every operation may raise `StoreUnavailable`."""

    async def current(self, code: str, owner: str) -> Claim:
        """As of its last write; a free claim if there is none."""
        ...

    async def change(self, code: str, owner: str, step: Callable[[Claim], Claim]) -> Claim:
        """The claim after `step`, a pure function that may be called again. A step that returns the same
        object writes nothing. An error of the step reaches the caller."""
        ...

    async def drop(self, code: str, owner: str, may_go: Callable[[Claim], bool]) -> None:
        """Removes the claim, if it exists and its newest version may go."""
        ...

    async def reserved(self, code: str) -> int:
        """The number of reserved claims to a code, about a second old. A lower bound above some thousands."""
        ...

    async def refresh(self) -> None:
        """Makes every write acknowledged before this call visible to `of_code`, `of_owner` and `all`."""
        ...

    def of_code(self, code: str) -> AsyncIterator[Claim]: ...

    def of_owner(self, owner: str) -> AsyncIterator[Claim]: ...

    def all(self) -> AsyncIterator[Claim]: ...

    async def unchanged_since(self, moment: datetime, limit: int, after: Position | None) -> ListPage[Claim]:
        """Claims that are not free and have not changed since then, the oldest first. The list is about a
        second old."""
        ...


class TallyRepository(Protocol):
    """The uses of each code, counted. Every operation may raise `StoreUnavailable`."""

    async def get(self, id: str) -> Tally | None: ...

    async def change(self, code: str, step: Callable[[Tally], Tally]) -> Tally:
        """As `ClaimRepository.change`."""
        ...


@dataclass(frozen=True, slots=True)
class PromotionStores:
    """The stored promotions and uses, and the promotions that this replica knows."""

    promotions: PromotionRepository
    claims: ClaimRepository
    tallies: TallyRepository
    known: KnownPromotions
