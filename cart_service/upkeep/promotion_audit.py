"""Finds and repairs what is left of uses that died on their way."""

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
    """What does not fit together for one code. The `abandoned` users have a use reserved and no cart with
    the code on it; the `unbacked` ones a cart with the code on it and none reserved; `orphans` are ids that
    are counted, and nobody has them; the `uncounted` users have one reserved that is not counted. `final`
    orders are on record, of which `final_counted` are in the tally."""

    code: str
    abandoned: tuple[str, ...]
    unbacked: tuple[str, ...]
    orphans: tuple[str, ...]
    uncounted: tuple[str, ...]
    final: int
    final_counted: int

    @property
    def is_clean(self) -> bool:
        somebody = self.abandoned or self.unbacked or self.orphans or self.uncounted
        return not somebody and self.final == self.final_counted


class PromotionAudit:
    def __init__(
        self, stores: PromotionStores, leftovers: AbandonedReservations, unbacked: UnreservedCarts
    ) -> None:
        self._claims = stores.claims
        self._tallies = stores.tallies
        self._leftovers = leftovers
        self._unbacked = unbacked

    async def claimed_codes(self) -> AsyncIterator[str]:
        """The codes that anybody has or had a use of, also those of no promotion."""
        await self._claims.refresh()
        codes: set[str] = set()
        async for claim in self._claims.all():
            if claim.code not in codes:
                codes.add(claim.code)
                yield claim.code

    async def recount(self, code: str, *, repair: bool) -> Recount:
        """Compares the claims to a code with its tally and with the carts, while the shop goes on.

        The tally is read first: every id in it was written into a claim before, so that an id which no claim
        has afterwards is nobody's, and never will be anybody's.
        """
        tally = await self._tallies.get(code) or Tally(code)
        nobodys = await self._now(Claim(code, NOBODY))
        await self._claims.refresh()
        claims = [claim async for claim in self._claims.of_code(code) if claim.owner != NOBODY]
        final = _final([*claims, nobodys], tally)
        if (
            await self._now(nobodys) != nobodys
        ):  # orders were handed over meanwhile, and may be missed or counted twice
            final = tally.final
        claimed = {claim.claim_id for claim in claims if claim.state is not ClaimState.FREE}
        orphans = [id for id in tally.held.split() if id not in claimed]
        uncounted = [it for it in claims if _must_be_counted(it) and not tally.holds(it.claim_id)]
        abandoned = [claim for claim in claims if await self._leftovers.is_abandoned(claim)]
        unbacked = await self._unbacked.find(code, claims)
        if repair:
            await self._repair(tally, orphans, final)
            await self._count_again(code, uncounted)
            for claim in abandoned:
                await self._leftovers.end(claim)
            for cart in unbacked:
                await self._unbacked.repair(code, cart)
        return Recount(
            code=code,
            abandoned=tuple(claim.owner for claim in abandoned),
            unbacked=tuple(cart.owner for cart in unbacked),
            orphans=tuple(orphans),
            uncounted=tuple(claim.owner for claim in uncounted),
            final=final,
            final_counted=tally.final,
        )

    async def _repair(self, seen: Tally, orphans: list[str], final: int) -> None:
        def step(tally: Tally) -> Tally:
            for id in orphans:
                tally = tally.let_go(id)
            return tally.with_final(final) if tally.final == seen.final else tally

        await self._tallies.change(seen.code, step)

    async def _count_again(self, code: str, claims: list[Claim]) -> None:
        for claim in claims:
            now = await self._now(claim)
            if _must_be_counted(now):
                id = now.claim_id
                await self._tallies.change(code, partial(Tally.hold_anyway, claim_id=id))
                if (await self._now(claim)).has_left(id):
                    await self._tallies.change(code, partial(Tally.let_go, claim_id=id))

    async def _now(self, claim: Claim) -> Claim:
        return await self._claims.change(claim.code, claim.owner, lambda it: it)


def _must_be_counted(claim: Claim) -> bool:
    return claim.counted and claim.state is ClaimState.RESERVED


def _final(claims: list[Claim], tally: Tally) -> int:
    """The orders on record that the tally has been told of. The last claim is that of `NOBODY`, which has the
    orders of some leaving ones already."""
    nobodys = claims[-1]
    settling = sum(claim.state is ClaimState.SETTLING and tally.holds(claim.claim_id) for claim in claims)
    left = [it for it in claims if it.state is ClaimState.LEAVING and nobodys.placed(it.claim_id)]
    return sum(claim.final for claim in claims) - settling - sum(claim.final for claim in left)
