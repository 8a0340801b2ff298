"""Gives back uses that were reserved for carts that did not get the code."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository
from cart_service.promotions.claims import Claim, ClaimState, DroppedPromoCode
from cart_service.promotions.ports import ClaimRepository
from cart_service.promotions.uses import PromotionUses
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.store.ports import Position

log = structlog.get_logger(__name__)

SETTLED_AFTER = timedelta(minutes=15)
"""Age of a claim from which no request is expected to continue it. Giving a use back earlier does no harm,
but its request would have to begin again."""


class AbandonedReservations:
    def __init__(
        self, carts: CartRepository, claims: ClaimRepository, uses: PromotionUses, clock: Clock
    ) -> None:
        self._carts = carts
        self._claims = claims
        self._uses = uses
        self._clock = clock
        self._looked_up_to: Position | None = None

    async def give_up(self, code: str, owner: str, turn: int) -> None:
        """Gives back the use reserved for this turn of the cart or an earlier one, unless the cart has the
        code. A late request with such a turn has to reserve it again."""

        def pass_turn(cart: Cart | None) -> Change[Cart, bool]:
            if cart is None or cart.promo_code == code:
                return Change(None, cart is not None)
            after = cart.past_turn(turn)
            return Change(None if after is cart else after, False)

        if not await self._carts.update(owner, pass_turn):
            await self._uses.give_back(owner, DroppedPromoCode(code, turn))

    async def give_back(self, claim: Claim) -> None:
        """Finishes or undoes what the claim began. A use whose code a cart has stays."""
        if claim.is_free or claim.state is ClaimState.LEAVING:
            return
        if claim.state is ClaimState.CLAIMING:
            await self._uses.withdraw(claim)
        elif claim.is_unfinished:
            await self._uses.finish(claim)
        else:
            await self.give_up(claim.code, claim.owner, claim.turn)

    async def forget(self, owner: str) -> None:
        """Gives back every use of a deleted user, and removes the claims. The cart must be removed before."""
        await self._claims.refresh()
        async for claim in self._claims.of_owner(owner):
            await self.give_back(claim)
            await self._uses.forget(claim)

    async def retain(self, owner: str, until: datetime) -> None:
        """The same for a guest whose cart has expired. The guest may return, so the claims that count for the
        limit per user stay until then."""
        async for claim in self._claims.of_owner(owner):
            await self.give_back(claim)
            await self._uses.retain(claim, until)

    async def end(self, claim: Claim) -> None:
        """Gives an abandoned use back. Removes the claim if it is due, or if it is empty and has no cart."""
        await self.give_back(claim)
        if claim.state in (ClaimState.RETAINED, ClaimState.LEAVING):
            await self._uses.forget(claim)
        elif await self._carts.get(claim.owner) is None:
            await self._claims.drop(claim.code, claim.owner, lambda it: it.is_empty)

    async def is_abandoned(self, claim: Claim) -> bool:
        """Whether no request continues it and no cart has its code."""
        if claim.state is ClaimState.FREE or not self.is_settled(claim):
            return False
        if claim.state not in (ClaimState.RESERVED, ClaimState.RETAINED):
            return True
        cart = await self._carts.get(claim.owner)
        return cart is None or (claim.state is ClaimState.RESERVED and cart.promo_code != claim.code)

    def is_settled(self, claim: Claim) -> bool:
        """Whether no request is expected to continue it."""
        return claim.changed_at is None or self._clock.now() - claim.changed_at >= SETTLED_AFTER

    async def clear_away(self, limit: int) -> bool:
        """Looks at the next `limit` claims, the oldest first, and gives abandoned uses back. False at the
        end; the next call begins again. Raises `StoreUnavailable`."""
        before = self._clock.now() - SETTLED_AFTER
        page = await self._claims.unchanged_since(before, limit, self._looked_up_to)
        self._looked_up_to = page.end
        cleared = await asyncio.gather(*map(self._clear_away, page.items))
        if any(cleared):
            log.info("abandoned uses of promo codes given back", uses=sum(cleared))
        return page.end is not None

    async def _clear_away(self, claim: Claim) -> bool:
        is_abandoned = await self.is_abandoned(claim)
        if is_abandoned:
            await self.end(claim)
        return is_abandoned
