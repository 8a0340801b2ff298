"""Carts with a promo code for which no use is reserved."""

from __future__ import annotations

from collections.abc import Iterable

from cart_service.carts.abandoned_reservations import AbandonedReservations
from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository
from cart_service.carts.promo_operations import RedeemPromoCode
from cart_service.carts.service import CartWrite, CartWriter
from cart_service.promotions.claims import Claim, ClaimState
from cart_service.promotions.ports import PromotionStores
from cart_service.promotions.uses import PromotionUses
from cart_service.upkeep.ports import CodeHolders
from shared.errors import ShopError, Unavailable


class UnreservedCarts:
    """A crash between an order and the write of its cart leaves such a cart. So does a lost or restored store
    of claims."""

    def __init__(
        self,
        carts: CartRepository,
        stores: PromotionStores,
        uses: PromotionUses,
        abandoned: AbandonedReservations,
        writer: CartWriter,
        *,
        holders: CodeHolders,
    ) -> None:
        self._carts = carts
        self._stores = stores
        self._holders = holders
        self._uses = uses
        self._abandoned = abandoned
        self._writer = writer

    async def find(self, code: str, claims: Iterable[Claim]) -> list[Cart]:
        """`claims` are all claims to the code, read before this call."""
        reserved = {claim.owner for claim in claims if claim.state is ClaimState.RESERVED}
        carts = [it async for it in self._holders.carts_with(code) if it.owner not in reserved]
        return [cart for cart in carts if await self._is_unreserved(cart, code)]

    async def repair(self, code: str, cart: Cart) -> None:
        """Reserves the use if that is still possible. Otherwise it takes the code off the cart."""
        promotion = await self._stores.promotions.get(code)
        claim = await self._stores.claims.current(code, cart.owner)
        if promotion is not None and not claim.has_spent(cart.promo_turn):
            try:
                await self._uses.reserve(promotion, cart.owner, cart.promo_turn)
            except Unavailable:
                raise
            except ShopError:  # used up
                pass
            else:
                return
        await self._writer.write(CartWrite(cart.owner, [RedeemPromoCode(code, cart.promo_turn)]))

    async def _is_unreserved(self, cart: Cart, code: str) -> bool:
        """Reads the cart last: if it lost the code before its use was given back, this read shows it."""
        claim = await self._stores.claims.current(code, cart.owner)
        if claim.state is ClaimState.RESERVED or not self._abandoned.is_settled(claim):
            return False
        current = await self._carts.get(cart.owner)
        return current is not None and (current.promo_code, current.promo_turn) == (code, cart.promo_turn)
