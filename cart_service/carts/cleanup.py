"""Cleaning up what a change or the end of a cart leaves outside its document."""

from __future__ import annotations

from cart_service.carts.abandoned_reservations import AbandonedReservations
from cart_service.carts.lifetimes import Lifetimes
from cart_service.carts.model import Cart, OwnerKind
from cart_service.carts.ports import CartRepository
from cart_service.carts.promo_operations import dropped_between
from cart_service.carts.summaries import Summaries
from cart_service.carts.versions import KnownDeletions, KnownVersions
from cart_service.changes import ChangeListener
from cart_service.promotions.uses import PromotionUses
from shared.clock import Clock


class CartCleanup(ChangeListener):
    """Outdates or removes summaries, gives uses of promo codes back, and removes the carts of deleted
    accounts. A repeated call changes nothing."""

    def __init__(
        self,
        carts: CartRepository,
        summaries: Summaries,
        uses: PromotionUses,
        abandoned: AbandonedReservations,
        *,
        versions: KnownVersions,
        deletions: KnownDeletions,
        lifetimes: Lifetimes,
        clock: Clock,
    ) -> None:
        self._carts = carts
        self._summaries = summaries
        self._uses = uses
        self._abandoned = abandoned
        self._versions = versions
        self._deletions = deletions
        self._lifetimes = lifetimes
        self._clock = clock

    async def cart_written(self, owner: str, version: int) -> None:
        """Outdates summaries of older versions. If a late request or merge wrote the cart after its owner's
        account was deleted, removes it again. Raises `SummaryNotSecured`."""
        if self._deletions.include(owner):
            await self.owner_was_deleted(owner)
        else:
            await self._summaries.outdate(owner, version)

    async def account_deleted(self, owner: str) -> None:
        """Removes the account's cart again if this replica knows one: it may have been written after the cart
        was removed and before this replica heard of that."""
        self._deletions.heard(owner)
        if self._versions.newest(owner) > 0:
            await self.owner_was_deleted(owner)

    async def owner_was_deleted(self, owner: str) -> None:
        """Removes the owner's cart, summary and claims to promo codes, and the carts of the guests that were
        merged into it, which remember what they handed over."""
        cart = await self._carts.get(owner)
        for guest in {merge.guest for merge in cart.merges} if cart else ():
            await self._remove_merged_guest(guest, owner)
        await self._carts.remove(owner)
        await self._summaries.forget(owner)
        await self._abandoned.forget(owner)

    async def _remove_merged_guest(self, guest: str, owner: str) -> None:
        cart = await self._carts.get(guest)
        if cart and cart.pending_merge and cart.pending_merge.to == owner and cart.is_empty:
            await self._carts.remove(guest)
            await self._summaries.forget(guest)
            await self._abandoned.forget(guest)

    async def expired_cart_was_removed(self, cart: Cart) -> None:
        """Raises `SummaryNotSecured`, `StoreUnavailable`."""
        try:
            if dropped := dropped_between(cart, None):
                await self._uses.give_back(cart.owner, dropped)
            if cart.owner_kind is OwnerKind.GUEST:
                await self._abandoned.retain(cart.owner, self._clock.now() + self._lifetimes.guest)
        finally:
            await self._summaries.forget(cart.owner)
