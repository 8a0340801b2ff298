"""Promotions kept in memory, where any write can fail, before it happened or after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from cart_service.carts.model import Cart
from cart_service.promotions.claims import Claim, ClaimState, Tally
from cart_service.promotions.definitions import definition_of
from cart_service.promotions.model import Promotion, PromotionStatus
from cart_service.promotions.ports import PromotionStores
from shared.aggregates.change import Change
from shared.aggregates.ports import ListPage
from shared.store.ports import Position, StoreUnavailable
from tests.cart_service.lanes import before_access


@dataclass
class Faults:
    """Lets the write after so many others fail: `is_written` says whether it happened nevertheless."""

    after: int | None = None
    is_written: bool = False

    def strike(self) -> bool:
        """True for the write that fails."""
        if self.after is None:
            return False
        self.after -= 1
        if self.after >= 0:
            return False
        self.after = None
        return True


@dataclass
class Kept:
    """What replicas share of promotions."""

    promotions: dict[str, Promotion] = field(default_factory=dict)
    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    async def change(self, place: dict[Any, Any], key: Any, empty: Any, step: Callable[[Any], Any]) -> Any:
        await before_access()
        await asyncio.sleep(0)
        after = step(place.get(key, empty))
        fails = self.faults.strike()
        if not fails or self.faults.is_written:
            place[key] = after
        await asyncio.sleep(0)
        if fails:
            raise StoreUnavailable("The store did not answer.")
        return after


class MemoryPromotions:
    """Its deliveries reach nobody before the test puts the entry into the bucket."""

    def __init__(self, kept: Kept) -> None:
        self.reads = 0
        self._kept = kept

    async def get(self, id: str) -> Promotion | None:
        self.reads += 1
        if self._kept.faults.strike():
            raise StoreUnavailable("The store did not answer.")
        return self._kept.promotions.get(id)

    async def update(self, id: str, change: Callable[[Promotion | None], Change[Promotion, Any]]) -> Any:
        made = change(self._kept.promotions.get(id))
        if made.aggregate is not None:
            self._kept.promotions[id] = made.aggregate
        return made.result

    async def page(
        self, status: PromotionStatus | None, now: datetime, limit: int, after: Position | None
    ) -> ListPage[Promotion]:
        found = [it for it in self._kept.promotions.values() if status in (None, it.status_at(now))]
        return ListPage(found[:limit], len(found), True, None)

    async def delivered(self, id: str, timeout_seconds: float) -> bool:
        return True


class MemoryClaims:
    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def current(self, code: str, owner: str) -> Claim:
        return await self.change(code, owner, lambda it: it)

    async def change(self, code: str, owner: str, step: Callable[[Claim], Claim]) -> Claim:
        return await self._kept.change(self._kept.claims, (code, owner), Claim(code, owner), step)

    async def drop(self, code: str, owner: str, may_go: Callable[[Claim], bool]) -> None:
        await before_access()
        claim = self._kept.claims.get((code, owner))
        if claim is not None and may_go(claim):
            fails = self._kept.faults.strike()
            if not fails or self._kept.faults.is_written:
                del self._kept.claims[code, owner]
            if fails:
                raise StoreUnavailable("The store did not answer.")

    async def reserved(self, code: str) -> int:
        return sum(it.state is ClaimState.RESERVED for it in self._kept.claims.values() if it.code == code)

    async def refresh(self) -> None:
        await before_access()

    async def of_code(self, code: str) -> AsyncIterator[Claim]:
        for claim in [it for it in self._kept.claims.values() if it.code == code]:
            yield claim

    async def of_owner(self, owner: str) -> AsyncIterator[Claim]:
        for claim in [it for it in self._kept.claims.values() if it.owner == owner]:
            yield claim

    async def all(self) -> AsyncIterator[Claim]:
        for claim in list(self._kept.claims.values()):
            yield claim

    async def unchanged_since(self, moment: datetime, limit: int, after: Position | None) -> ListPage[Claim]:
        await before_access()
        claims = [it for it in self._kept.claims.values() if it.state is not ClaimState.FREE]
        old = {
            (str(it.changed_at), it.owner, it.code): it
            for it in claims
            if it.changed_at and it.changed_at < moment
        }
        left = sorted(place for place in old if after is None or list(place) > list(after))
        page = [old[place] for place in left[:limit]]
        return ListPage(page, len(left), True, left[limit - 1] if len(left) > limit else None)


class MemoryTallies:
    def __init__(self, kept: Kept) -> None:
        self.changes = 0
        self._kept = kept

    async def get(self, id: str) -> Tally | None:
        await before_access()
        return self._kept.tallies.get(id)

    async def change(self, code: str, step: Callable[[Tally], Tally]) -> Tally:
        self.changes += 1
        return await self._kept.change(self._kept.tallies, code, Tally(code), step)


class MemoryHolders:
    def __init__(self, carts: Mapping[str, Cart]) -> None:
        self._carts = carts

    async def carts_with(self, code: str) -> AsyncIterator[Cart]:
        await before_access()
        for cart in [it for it in self._carts.values() if it.promo_code == code]:
            yield cart


def memory_stores(kept: Kept, known: Any) -> PromotionStores:
    return PromotionStores(
        promotions=MemoryPromotions(kept),
        claims=MemoryClaims(kept),
        tallies=MemoryTallies(kept),
        known=known,
    )


def promotion_entry(promotion: Promotion) -> bytes:
    """The entry of the `promotions` bucket."""
    return orjson.dumps(definition_of(promotion))
