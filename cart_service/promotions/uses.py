"""Uses of a code: reserved, given back or made final, without ever exceeding a limit.

To reserve a use, the user's claim notes it first. Then the code's tally counts it, the claim confirms it, and
the cart gets the code. A use is given back in the opposite order: the cart loses the code, the claim notes
that, and the tally stops counting. A crash between two steps can leave a use counted that nobody has, but
never one that is not counted. Every step can be repeated. The next request of the user, the event of the
cart's change or the sweep continues after a crash.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cart_service.promotions.claims import NOBODY, Claim, ClaimState, DroppedPromoCode, PlacedOrder, Tally
from cart_service.promotions.errors import PromoCodeUsedUp
from cart_service.promotions.model import Promotion
from cart_service.promotions.ports import ClaimRepository, TallyRepository
from shared.clock import Clock
from shared.errors import Unavailable

_ATTEMPTS = 8
_ID_BYTES = 9  # 12 characters, which every id in a tally has


class ClaimContended(Unavailable):
    """Several requests of the same user changed the same claim at the same time."""

    code = "promo-code-busy"


@dataclass(frozen=True, slots=True)
class Uses:
    """The number of uses of a code."""

    reserved: int
    final: int


class PromotionUses:
    def __init__(self, claims: ClaimRepository, tallies: TallyRepository, clock: Clock) -> None:
        self._claims = claims
        self._tallies = tallies
        self._clock = clock

    async def reserve(self, promotion: Promotion, owner: str, turn: int = 0) -> None:
        """Reserves the one use that an owner can have, for this turn of the cart. A reserved use stays.

        Raises `PromoCodeUsedUp`, `PromoCodeUsedByYou`, `ClaimContended`.
        """
        for _ in range(_ATTEMPTS):
            fresh_id = secrets.token_urlsafe(_ID_BYTES)
            now = self._clock.now()
            step = partial(Claim.claimed, promotion=promotion, turn=turn, fresh_id=fresh_id, now=now)
            claim = await self._claims.change(promotion.code, owner, step)
            if claim.state is ClaimState.LEAVING:
                await self.forget(claim)
            elif claim.is_unfinished:
                await self.finish(claim)
            elif claim.state is ClaimState.RESERVED or await self._count(promotion, claim):
                return
        raise contended(promotion.code)

    async def give_back(self, owner: str, dropped: DroppedPromoCode) -> None:
        """Gives back what was reserved for this turn or an earlier one. The cart is past the turn and does
        not have the code, or is gone. Repeating it changes nothing."""
        now = self._clock.now()
        claim = await self._claims.change(dropped.code, owner, lambda it: it.released(dropped.turn, now))
        await self.finish(claim)

    async def make_final(self, promotion: Promotion, owner: str, order_id: str) -> PlacedOrder:
        """Makes the owner's use final, once for each order. Without a reserved use it reserves one. Raises
        the errors of `reserve`, `PromoCodeEnded` and `PromoCodeNotStarted`."""
        for _ in range(_ATTEMPTS):
            claim, is_new = await self._record_order(promotion.code, owner, order_id)
            if is_new and not claim.counted:
                await self._tallies.change(promotion.code, Tally.with_order)
            await self.finish(claim)
            order = claim.placed(order_id)
            if order is not None:
                return order
            if not claim.is_unfinished:
                promotion.require_running(self._clock.now())
                await self.reserve(promotion, owner)
        raise contended(promotion.code)

    async def of(self, promotion: Promotion) -> Uses:
        """The numbers. Without a total limit, the number of reserved uses is about a second old."""
        tally = await self._tallies.get(promotion.code) or Tally(promotion.code)
        if promotion.conditions.total_limit is not None:
            return Uses(tally.reserved, tally.final)
        return Uses(await self._claims.reserved(promotion.code), tally.final)

    async def withdraw(self, claim: Claim) -> None:
        """Takes back a claim that was never confirmed."""
        id = claim.claim_id
        after = await self._claims.change(claim.code, claim.owner, lambda it: it.refused(id))
        if after.has_left(id):
            await self._tallies.change(claim.code, lambda it: it.release(id))

    async def finish(self, claim: Claim) -> None:
        """Brings the tally up to date with the claim."""
        if not claim.is_unfinished:
            return
        id, is_final = claim.claim_id, claim.state is ClaimState.SETTLING
        await self._tallies.change(claim.code, lambda it: it.make_final(id) if is_final else it.release(id))
        await self._claims.change(claim.code, claim.owner, lambda it: it.finished(id))

    async def retain(self, claim: Claim, until: datetime) -> None:
        """Keeps the claim until then if it counts for its owner's limit. Otherwise removes it."""
        after = await self._claims.change(claim.code, claim.owner, lambda it: it.retained(until))
        if after.is_empty:
            await self._claims.drop(claim.code, claim.owner, lambda it: it.is_empty)

    async def forget(self, claim: Claim) -> None:
        """Removes a free claim of a deleted user. Its orders go to the claim of `NOBODY`, so the claims to a
        code still add up to its tally. Each step can be repeated."""
        code, owner = claim.code, claim.owner
        fresh_id, now = secrets.token_urlsafe(_ID_BYTES), self._clock.now()
        left = await self._claims.change(code, owner, lambda it: it.leaving(fresh_id, now))
        if left.state is ClaimState.LEAVING:
            id = left.claim_id
            await self._claims.change(code, NOBODY, lambda it: it.with_orders_of(left))
            await self._claims.drop(code, owner, lambda it: it.claim_id == id)
            await self._claims.change(code, NOBODY, lambda it: it.without_moved(id))
        elif left.is_empty:
            await self._claims.drop(code, owner, lambda it: it.is_empty)

    async def _record_order(self, code: str, owner: str, order_id: str) -> tuple[Claim, bool]:
        now, is_new = self._clock.now(), False

        def step(claim: Claim) -> Claim:
            nonlocal is_new
            after = claim if claim.placed(order_id) else claim.made_final(order_id, now)
            is_new = after is not claim
            return after

        return await self._claims.change(code, owner, step), is_new

    async def _count(self, promotion: Promotion, claim: Claim) -> bool:
        """Counts the claim in the tally and confirms it. False if the claim was withdrawn meanwhile."""
        id, limit = claim.claim_id, promotion.conditions.total_limit or 0
        try:
            await self._tallies.change(claim.code, lambda it: it.count(id, limit))
        except PromoCodeUsedUp:
            await self._claims.change(claim.code, claim.owner, lambda it: it.refused(id))
            raise
        confirmed = await self._claims.change(claim.code, claim.owner, lambda it: it.confirmed(id))
        if confirmed.claim_id == id and confirmed.state is ClaimState.RESERVED:
            return True
        if confirmed.has_left(id):
            await self._tallies.change(claim.code, lambda it: it.release(id))
        return False


def contended(code: str) -> ClaimContended:
    return ClaimContended(f"Several requests are using the code {code} at the same time. Try again soon.")
