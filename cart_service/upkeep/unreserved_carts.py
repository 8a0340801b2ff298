"""Carts on which a code stands that nobody has reserved for them."""

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
    """An order whose caller died before the cart was written leaves one, and so does a store of claims that
    was lost or put back."""

    def __init__(
        self,
        carts: CartRepository,
        stores: PromotionStores,
        uses: PromotionUses,
        leftovers: AbandonedReservations,
        writer: CartWriter,
        *,
        holders: CodeHolders,
    ) -> None:
        self._carts = carts
        self._stores = stores
        self._holders = holders
        self._uses = uses
        self._leftovers = leftovers
        self._writer = writer

    async def find(self, code: str, claims: Iterable[Claim]) -> list[Cart]:
        """`claims` are those to the code, read before this call."""
        reserved = {claim.owner for claim in claims if claim.state is ClaimState.RESERVED}
        carts = [it async for it in self._holders.carts_with(code) if it.owner not in reserved]
        return [cart for cart in carts if await self._is_unbacked(cart, code)]

    async def repair(self, code: str, cart: Cart) -> None:
        """Reserves the use where that is still possible; otherwise the code leaves the cart."""
        promotion = await self._stores.promotions.get(code)
        claim = await self._now(code, cart.owner)
        if promotion is not None and not claim.has_spent(cart.promo_turn):
            try:
                return await self._uses.reserve(promotion, cart.owner, cart.promo_turn)
            except Unavailable:
                raise
            except ShopError:  # used up
                pass
        return await self._take_off(code, cart)

    async def _take_off(self, code: str, cart: Cart) -> None:
        await self._writer.write(CartWrite(cart.owner, [RedeemPromoCode(code, cart.promo_turn)]))

    async def _is_unbacked(self, cart: Cart, code: str) -> bool:
        """The cart is read last: had it lost the code before its use was given back, that would show."""
        claim = await self._now(code, cart.owner)
        if claim.state is ClaimState.RESERVED or not self._leftovers.is_settled(claim):
            return False
        now = await self._carts.get(cart.owner)
        return now is not None and (now.promo_code, now.promo_turn) == (code, cart.promo_turn)

    async def _now(self, code: str, owner: str) -> Claim:
        return await self._stores.claims.change(code, owner, lambda it: it)
