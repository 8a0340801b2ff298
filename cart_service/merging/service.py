"""Merging a guest's cart into a customer's: exactly once, whoever repeats it and whatever dies in between.

1. The guest's cart is handed over: one write empties it, and keeps what was in it together with the merge's
   id, its receiver and its strategy. The same write holds the event that has any replica finish the merge.
2. The customer's cart takes it in: one write, which does nothing where the cart knows the merge's id.
3. The guest's cart notes that it is done.

The guest's promo code goes the same way: out of the guest's cart with the first write, and onto the
customer's between the second and the third, if that has none and may have it.

A repeat finds the handover and goes on from there; so do 200 at the same moment, and all get the same report.
Once the customer's cart has taken in another merge, a repeat gets the id of its own, and no lines any more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

from cart_service.carts.idempotency import UsedKey
from cart_service.carts.lifetimes import OwnerKind
from cart_service.carts.merge_records import Handover, MergeRecord, MergeStrategy
from cart_service.carts.model import Cart
from cart_service.carts.operations import fingerprint_of
from cart_service.carts.ports import CartRepository
from cart_service.carts.service import CartWrite, CartWriter, WriteResult
from cart_service.merging.operations import FinishHandover, HandOver, TakeIn
from shared.ids import new_id

CarryOver = Callable[[str, Handover], Awaitable[WriteResult | None]]
"""Gives the promo code that a guest's cart has lost to the customer's; see `PromoCodes.carry_over`."""


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

    written: WriteResult
    record: MergeRecord | None


class CartMerger:
    def __init__(self, carts: CartRepository, writer: CartWriter, carry_over: CarryOver) -> None:
        self._carts = carts
        self._writer = writer
        self._carry_over = carry_over

    async def merge(self, merge: Merge) -> Merged:
        """Makes the merge, or what is left of it. It never fails for stock or limits: the report says what
        they kept back. `if_versions` is asked before anything is written; what happens meanwhile is merged
        with. Raises `CartChanged`, `IdempotencyKeyReused`, `CatalogueUnavailable`, `StoreUnavailable`.
        """
        if merge.dry_run:
            return await self._preview(merge)
        begun = await self._finish_begun(merge.guest)
        if begun and begun.to == merge.owner:  # the condition was asked when it began
            merge = replace(merge, if_versions=None)
        checked = await self._writer.preview(replace(_taking_in(merge, None), key=merge.key))
        if checked.replayed:
            return Merged(checked, _made_under(checked.cart, merge.key))
        operation = _handing_over(merge, checked.cart)
        handover = await self._hand_over(merge, operation)
        written = await self._take_in(merge.guest, handover, _taking_in(merge, handover))
        return Merged(_marked(written, handover, operation), _record_of(written.cart, handover))

    async def finish(self, guest: str) -> None:
        """Finishes a merge that was left halfway, if there is one; repeating it is harmless."""
        await self._finish_begun(guest)

    async def _preview(self, merge: Merge) -> Merged:
        mine = await self._carts.get(merge.owner) or Cart(merge.owner)
        guest = await self._carts.get(merge.guest) or Cart(merge.guest)
        if guest.handover and not guest.handover.is_done and guest.handover.to == merge.owner:
            handover: Handover | None = guest.handover
        else:
            handover = _handing_over(merge, mine).apply(guest, {}, "").handover
            handover = None if handover is guest.handover else handover
        taking_in = replace(_taking_in(merge, handover), if_versions=merge.if_versions)
        written = await self._writer.preview(taking_in)
        return Merged(written, _record_of(written.cart, handover))

    async def _finish_begun(self, guest: str) -> Handover | None:
        cart = await self._carts.get(guest)
        if cart is None or cart.handover is None or cart.handover.is_done:
            return None
        await self._finish(guest, cart.handover)
        return cart.handover

    async def _hand_over(self, merge: Merge, operation: HandOver) -> Handover | None:
        """The handover to the customer, made now or earlier; None where the guest has nothing for them."""
        while True:
            written = await self._writer.write(
                CartWrite(merge.guest, [operation], owner_kind=OwnerKind.GUEST)
            )
            guest, handover = written.cart, written.cart.handover
            if handover is None:
                return None
            is_all = handover.merge_id == operation.merge_id or not (guest.lines or guest.saved)
            if is_all and handover.to == merge.owner and handover.merge_id not in operation.undone:
                return handover
            if handover.is_done:
                return None  # everything went to somebody else
            await self._finish(merge.guest, handover)

    async def _finish(self, guest: str, handover: Handover) -> None:
        operation = TakeIn(guest, handover, handover.strategy)
        await self._take_in(guest, handover, CartWrite(handover.to, [operation]))

    async def _take_in(self, guest: str, handover: Handover | None, write: CartWrite) -> WriteResult:
        written = await self._writer.write(write)
        if handover is None or handover.is_done:
            return written
        if written.cart.promo_code is None:
            written = await self._carry_over(guest, handover) or written
        await self._writer.write(CartWrite(guest, [FinishHandover(handover.merge_id)]))
        return written


def _used_key(merge: Merge) -> UsedKey | None:
    request = TakeIn(merge.guest, None, merge.strategy)
    return UsedKey(merge.key, fingerprint_of([request])) if merge.key else None


def _handing_over(merge: Merge, mine: Cart) -> HandOver:
    undone = frozenset(record.merge_id for record in mine.merges if record.is_undone)
    return HandOver(new_id(), merge.owner, merge.strategy, undone, _used_key(merge))


def _taking_in(merge: Merge, handover: Handover | None) -> CartWrite:
    operation = TakeIn(merge.guest, handover, merge.strategy, _used_key(merge))
    versions = None if handover else merge.if_versions
    return CartWrite(merge.owner, [operation], if_versions=versions, owner_kind=merge.owner_kind)


def _marked(written: WriteResult, handover: Handover | None, operation: HandOver) -> WriteResult:
    """Replayed where another request under the same key was faster."""
    is_repeat = handover is not None and handover.merge_id != operation.merge_id
    is_same = operation.key is not None and handover is not None and handover.key == operation.key
    return replace(written, replayed=is_repeat and is_same)


def _record_of(cart: Cart, handover: Handover | None) -> MergeRecord | None:
    return cart.find_merge(handover.merge_id) if handover else None


def _made_under(cart: Cart, key: str | None) -> MergeRecord | None:
    return next((record for record in reversed(cart.merges) if key in record.keys), None)
