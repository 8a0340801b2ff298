"""Promo codes on carts: a use of a code is reserved before a cart gets the code."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from cart_service.carts.abandoned_reservations import AbandonedReservations
from cart_service.carts.operations import Operation
from cart_service.carts.promo_operations import (
    BeginPromoTurns,
    NotReserved,
    PutPromoCode,
    RedeemPromoCode,
    RemovePromoCode,
)
from cart_service.carts.records import PendingMerge
from cart_service.carts.service import CartWrite, CartWriter, WriteResult
from cart_service.promotions.claims import DroppedPromoCode
from cart_service.promotions.errors import PromoCodeNotFound
from cart_service.promotions.model import Promotion, PromotionStatus
from cart_service.promotions.service import Promotions
from cart_service.promotions.uses import PromotionUses, contended
from shared.clock import Clock
from shared.errors import ShopError, Unavailable

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A use that is final, and the order that made it so."""

    code: str
    user_id: str
    order_id: str


class PromoCodes:
    """Puts promo codes on carts and removes them, with the uses that they take."""

    def __init__(
        self,
        promotions: Promotions,
        uses: PromotionUses,
        abandoned: AbandonedReservations,
        writer: CartWriter,
        clock: Clock,
    ) -> None:
        self._promotions = promotions
        self._uses = uses
        self._abandoned = abandoned
        self._writer = writer
        self._clock = clock

    async def put(self, write: CartWrite, code: str, *, merge_id: str | None = None) -> WriteResult:
        """Puts the code on the cart instead of any other. `write` has no operation yet. With a `merge_id` the
        code came with that merge.

        Raises `PromoCodeNotFound`, `PromoCodeNotStarted`, `PromoCodeEnded`, `PromoCodeUsedUp`,
        `PromoCodeUsedByYou`, `ClaimContended`, and what `CartWriter.write` raises.
        """
        promotion = await self._promotions.find(code)
        if promotion is None:
            raise PromoCodeNotFound(code)
        now = self._clock.now()
        runs = promotion.status_at(now) is PromotionStatus.ACTIVE
        try:
            return await self._write(write, PutPromoCode(code, may_stand=runs, merge_id=merge_id))
        except NotReserved as due:  # the write is not a repeat
            promotion.require_running(now)
            turn = due.turn
        for _ in range(_ATTEMPTS):
            try:
                if turn:
                    operation = PutPromoCode(code, turn, merge_id=merge_id)
                    return await self._put_reserved(write, promotion, operation)
                return await self._put_on_new_cart(write, code)
            except NotReserved as due:  # another put or an order came in between
                turn = due.turn
        raise contended(code)

    async def remove(self, write: CartWrite) -> WriteResult:
        """Removes the code from the cart and gives its use back."""
        return await self._write(write, RemovePromoCode())

    async def carry_over(self, guest: str, pending: PendingMerge) -> WriteResult | None:
        """Gives the guest's use back and puts the code on the customer's cart. None if the customer may not
        use it: then the code is lost. Raises `Unavailable`."""
        if pending.promo_code is None:
            return None
        await self._uses.give_back(guest, DroppedPromoCode(pending.promo_code, pending.promo_turn))
        try:
            return await self.put(CartWrite(pending.to, ()), pending.promo_code, merge_id=pending.merge_id)
        except Unavailable:
            raise
        except ShopError:
            return None

    async def redeem(self, code: str, user_id: str, order_id: str) -> Redeemed:
        """Makes the user's use final, and removes the code from the ordered cart. A repeat for the same order
        changes nothing. Raises `PromotionNotFound` and what `make_final` raises."""
        promotion = await self._promotions.existing(code)
        order = await self._uses.make_final(promotion, user_id, order_id)
        await self._write(CartWrite(user_id, ()), RedeemPromoCode(code, order.turn))
        return Redeemed(code, user_id, order.order_id)

    async def _put_on_new_cart(self, write: CartWrite, code: str) -> WriteResult:
        """Raises `NotReserved` with its first turn, unless another request has put the code there
        meanwhile."""
        await self._write(replace(write, key=None, if_match=None), BeginPromoTurns())
        return await self._write(write, PutPromoCode(code))

    async def _put_reserved(
        self, write: CartWrite, promotion: Promotion, operation: PutPromoCode
    ) -> WriteResult:
        turn = operation.turn
        await self._uses.reserve(promotion, write.owner, turn)
        try:
            written = await self._write(write, operation)
        except Unavailable:  # the cart may have the code: the reservation stays for a repeat
            raise
        except ShopError:
            await self._give_up(promotion.code, write.owner, turn)
            raise
        if written.replayed:  # the same request put it meanwhile, and it may have been removed since
            await self._give_up(promotion.code, write.owner, turn)
        return written

    async def _give_up(self, code: str, owner: str, turn: int) -> None:
        with suppress(Unavailable):  # the sweep gives it back later
            await self._abandoned.give_up(code, owner, turn)

    async def _write(self, write: CartWrite, operation: Operation) -> WriteResult:
        return await self._writer.write(replace(write, operations=[operation]))
