"""Finds and repairs what is left of uses that died on their way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cart_service.domain.promotion_uses import Claim, ClaimState, Tally
from cart_service.ports import PromotionStores
from cart_service.service.leftovers import Leftovers


@dataclass(frozen=True, slots=True)
class Recount:
    """What does not fit together for one code. The `abandoned` users have a use reserved and no cart with
    the code on it; `orphans` are ids that are counted, and nobody has them; the `uncounted` users have one
    reserved that is not counted. `final` orders are on record, of which `final_counted` are in the tally."""

    code: str
    abandoned: tuple[str, ...]
    orphans: tuple[str, ...]
    uncounted: tuple[str, ...]
    final: int
    final_counted: int

    @property
    def is_clean(self) -> bool:
        return not (self.abandoned or self.orphans or self.uncounted) and self.final == self.final_counted


class PromotionAudit:
    def __init__(self, stores: PromotionStores, leftovers: Leftovers) -> None:
        self._claims = stores.claims
        self._tallies = stores.tallies
        self._leftovers = leftovers

    async def recount(self, code: str, *, repair: bool) -> Recount:
        """Compares the claims to a code with its tally and with the carts, while the shop goes on.

        The tally is read first: every id in it was written into a claim before, so that an id which no claim
        has afterwards is nobody's, and never will be anybody's.
        """
        tally = await self._tallies.get(code) or Tally(code)
        await self._claims.refresh()
        claims = [claim async for claim in self._claims.of_code(code)]
        claimed = {claim.claim_id for claim in claims if claim.state is not ClaimState.FREE}
        orphans = [id for id in tally.held.split() if id not in claimed]
        uncounted = [it for it in claims if _must_be_counted(it) and not tally.holds(it.claim_id)]
        abandoned = [claim for claim in claims if await self._leftovers.is_abandoned(claim)]
        settling = sum(claim.state is ClaimState.SETTLING and tally.holds(claim.claim_id) for claim in claims)
        final = sum(claim.final for claim in claims) - settling
        if repair:
            await self._repair(code, tally, orphans, final)
            await self._count_again(code, uncounted)
            for claim in abandoned:
                await self._leftovers.give_back(claim)
        return Recount(
            code=code,
            abandoned=tuple(claim.owner for claim in abandoned),
            orphans=tuple(orphans),
            uncounted=tuple(claim.owner for claim in uncounted),
            final=final,
            final_counted=tally.final,
        )

    async def _repair(self, code: str, seen: Tally, orphans: list[str], final: int) -> None:
        def step(tally: Tally) -> Tally:
            for id in orphans:
                tally = tally.let_go(id)
            return tally.with_final(final) if tally.final == seen.final else tally

        await self._tallies.change(code, step)

    async def _count_again(self, code: str, claims: list[Claim]) -> None:
        for claim in claims:
            now = await self._claims.change(code, claim.owner, lambda it: it)
            if _must_be_counted(now):
                await self._tallies.change(code, partial(Tally.hold_anyway, claim_id=now.claim_id))


def _must_be_counted(claim: Claim) -> bool:
    return claim.counted and claim.state is ClaimState.RESERVED
