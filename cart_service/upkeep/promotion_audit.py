"""Finds and repairs uses of promo codes that a crash left inconsistent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from cart_service.carts.abandoned_reservations import AbandonedReservations
from cart_service.promotions.claims import NOBODY, Claim, ClaimState, Tally
from cart_service.promotions.ports import PromotionStores
from cart_service.upkeep.unreserved_carts import UnreservedCarts


@dataclass(frozen=True, slots=True)
class Recount:
    """The inconsistencies of one code. The `abandoned` users have a reserved use, and no cart with the code.
    The `unreserved` users have a cart with the code, and no reserved use. `orphans` are counted ids of no
    claim. The `uncounted` users have a reserved use that is not counted. `final` orders are on record, and
    `final_counted` are in the tally."""

    code: str
    abandoned: tuple[str, ...]
    unreserved: tuple[str, ...]
    orphans: tuple[str, ...]
    uncounted: tuple[str, ...]
    final: int
    final_counted: int

    @property
    def is_clean(self) -> bool:
        faults = self.abandoned or self.unreserved or self.orphans or self.uncounted
        return not faults and self.final == self.final_counted


class PromotionAudit:
    def __init__(
        self, stores: PromotionStores, abandoned: AbandonedReservations, unreserved: UnreservedCarts
    ) -> None:
        self._claims = stores.claims
        self._tallies = stores.tallies
        self._abandoned = abandoned
        self._unreserved = unreserved

    async def claimed_codes(self) -> AsyncIterator[str]:
        """Every code with a claim, also codes without a promotion."""
        await self._claims.refresh()
        codes: set[str] = set()
        async for claim in self._claims.all():
            if claim.code not in codes:
                codes.add(claim.code)
                yield claim.code

    async def recount(self, code: str, *, repair: bool) -> Recount:
        """Compares the claims to a code with its tally and with the carts, while the shop is running.

        It reads the tally first: every id in it was written into a claim before. So an id that no claim has
        afterwards belongs to nobody, and never will.
        """
        tally = await self._tallies.get(code) or Tally(code)
        nobodys = await self._claims.current(code, NOBODY)
        await self._claims.refresh()
        claims = [claim async for claim in self._claims.of_code(code) if claim.owner != NOBODY]
        final = _final([*claims, nobodys], tally)
        if await self._claims.current(code, NOBODY) != nobodys:
            final = tally.final  # orders were moved meanwhile, and may be missed or counted twice
        claimed = {claim.claim_id for claim in claims if claim.state is not ClaimState.FREE}
        orphans = [id for id in tally.held.split() if id not in claimed]
        uncounted = [it for it in claims if _must_be_counted(it) and not tally.counts(it.claim_id)]
        abandoned = [claim for claim in claims if await self._abandoned.is_abandoned(claim)]
        unreserved = await self._unreserved.find(code, claims)
        if repair:
            await self._repair(tally, orphans, final)
            await self._count_again(uncounted)
            for claim in abandoned:
                await self._abandoned.end(claim)
            for cart in unreserved:
                await self._unreserved.repair(code, cart)
        return Recount(
            code=code,
            abandoned=tuple(claim.owner for claim in abandoned),
            unreserved=tuple(cart.owner for cart in unreserved),
            orphans=tuple(orphans),
            uncounted=tuple(claim.owner for claim in uncounted),
            final=final,
            final_counted=tally.final,
        )

    async def _repair(self, seen: Tally, orphans: list[str], final: int) -> None:
        def step(tally: Tally) -> Tally:
            for id in orphans:
                tally = tally.release(id)
            return tally.with_final(final) if tally.final == seen.final else tally

        await self._tallies.change(seen.code, step)

    async def _count_again(self, claims: list[Claim]) -> None:
        for claim in claims:
            current = await self._claims.current(claim.code, claim.owner)
            if _must_be_counted(current):
                id = current.claim_id
                await self._tallies.change(claim.code, partial(Tally.count_anyway, claim_id=id))
                if (await self._claims.current(claim.code, claim.owner)).has_left(id):
                    await self._tallies.change(claim.code, partial(Tally.release, claim_id=id))


def _must_be_counted(claim: Claim) -> bool:
    return claim.counted and claim.state is ClaimState.RESERVED


def _final(claims: list[Claim], tally: Tally) -> int:
    """The number of orders on record that the tally should count. The last claim is that of `NOBODY`. It may
    have the orders of claims that are still leaving."""
    nobodys = claims[-1]
    settling = sum(claim.state is ClaimState.SETTLING and tally.counts(claim.claim_id) for claim in claims)
    left = [it for it in claims if it.state is ClaimState.LEAVING and nobodys.placed(it.claim_id)]
    return sum(claim.final for claim in claims) - settling - sum(claim.final for claim in left)
