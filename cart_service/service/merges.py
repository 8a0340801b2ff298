"""Merging a guest's cart into a customer's: exactly once, whoever repeats it and whatever dies in between.

1. The guest's cart is handed over: one write empties it, and keeps what was in it together with the merge's
   id, its receiver and its strategy. The same write holds the event that has any replica finish the merge.
2. The customer's cart takes it in: one write, which does nothing where the cart knows the merge's id.
3. The guest's cart notes that it is done.

A repeat finds the handover and goes on from there; so do 200 at the same moment, and all get the same report.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cart_service.domain.cart import Cart
from cart_service.domain.expiry import OwnerKind
from cart_service.domain.merge_operations import FinishHandover, HandOver, TakeIn
from cart_service.domain.merging import Handover, MergeRecord, MergeStrategy
from cart_service.ports import CartRepository
from cart_service.service.writes import CartWriter, Write, Written
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Merge:
    """`key` is the Idempotency-Key, `if_versions` the versions of the customer's cart that are accepted
    (If-Match). A `dry_run` writes nothing."""

    owner: str
    guest: str
    strategy: MergeStrategy
    dry_run: bool = False
    key: str | None = None
    if_versions: Collection[int] | None = None
    owner_kind: OwnerKind | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """`record` is None where there was nothing to merge."""

    written: Written
    record: MergeRecord | None


class CartMerger:
    def __init__(self, carts: CartRepository, writer: CartWriter) -> None:
        self._carts = carts
        self._writer = writer

    async def merge(self, merge: Merge) -> Merged:
        """Makes the merge, or what is left of it. It never fails for stock or limits: the report says what
        they kept back. `if_versions` is asked before anything is written; what happens meanwhile is merged
        with. Raises `CartChanged`, `IdempotencyKeyReused`, `CatalogueUnavailable`, `StoreUnavailable`.
        """
        if merge.dry_run:
            return await self._preview(merge)
        checked = await self._writer.preview(self._taking_in(merge, None))
        if checked.replayed:
            return Merged(checked, _last_of(checked.cart, merge.guest))
        handover = await self._hand_over(merge, checked.cart)
        written = await self._take_in(merge, handover)
        return Merged(written, _record_of(written.cart, handover))

    async def finish(self, guest: str) -> None:
        """Finishes a merge that was left halfway, if there is one; repeating it is harmless."""
        cart = await self._carts.get(guest)
        if cart and cart.handover and not cart.handover.is_done:
            await self._finish(guest, cart.handover)

    async def _preview(self, merge: Merge) -> Merged:
        mine = await self._carts.get(merge.owner) or Cart(merge.owner)
        guest = await self._carts.get(merge.guest) or Cart(merge.guest)
        if guest.handover and not guest.handover.is_done and guest.handover.to == merge.owner:
            handover: Handover | None = guest.handover
        else:
            handover = _handing_over(merge, mine).apply(guest, {}, "").handover
            handover = None if handover is guest.handover else handover
        written = await self._writer.preview(self._taking_in(merge, handover))
        return Merged(written, _record_of(written.cart, handover))

    async def _hand_over(self, merge: Merge, mine: Cart) -> Handover | None:
        """The handover to the customer, made now or earlier; None where the guest has nothing for them."""
        operation = _handing_over(merge, mine)
        while True:
            written = await self._writer.write(Write(merge.guest, [operation], owner_kind=OwnerKind.GUEST))
            guest, handover = written.cart, written.cart.handover
            if handover is None:
                return None
            is_all = handover.merge_id == operation.merge_id or not (guest.lines or guest.saved)
            if is_all and handover.to == merge.owner:
                return handover
            if handover.is_done:
                return None  # everything went to somebody else
            await self._finish(merge.guest, handover)

    async def _take_in(self, merge: Merge, handover: Handover | None) -> Written:
        written = await self._writer.write(self._taking_in(merge, handover))
        if handover is not None and not handover.is_done:
            await self._note_done(merge.guest, handover)
        return written

    async def _finish(self, guest: str, handover: Handover) -> None:
        operation = TakeIn(guest, handover, handover.strategy)
        await self._writer.write(Write(handover.to, [operation]))
        await self._note_done(guest, handover)

    async def _note_done(self, guest: str, handover: Handover) -> None:
        await self._writer.write(Write(guest, [FinishHandover(handover.merge_id)]))

    def _taking_in(self, merge: Merge, handover: Handover | None) -> Write:
        operation = TakeIn(merge.guest, handover, merge.strategy)
        first = handover is None or merge.dry_run
        return Write(
            merge.owner,
            [operation],
            merge.key,
            merge.if_versions if first else None,
            merge.owner_kind,
        )


def _handing_over(merge: Merge, mine: Cart) -> HandOver:
    undone = frozenset(record.merge_id for record in mine.merges if record.is_undone)
    return HandOver(new_id(), merge.owner, merge.strategy, undone)


def _record_of(cart: Cart, handover: Handover | None) -> MergeRecord | None:
    return cart.find_merge(handover.merge_id) if handover else None


def _last_of(cart: Cart, guest: str) -> MergeRecord | None:
    return next((record for record in reversed(cart.merges) if record.guest == guest), None)
