"""Merging a guest's cart into a customer's: exactly once, with any number of repeats and lost replicas.

1. `BeginMerge` empties the guest's cart. The same write keeps what was in it as a `PendingMerge`, and an
   event that makes any replica finish the merge.
2. `TakeGuestCart` adds the lines to the customer's cart. It does nothing if the cart knows the merge's id.
3. `FinishMerge` notes in the guest's cart that the merge is done.

The guest's promo code leaves the guest's cart with the first write. Between the second and the third it comes
to the customer's cart, if that one has no code and the customer may use it.

A repeat finds the pending merge and continues it. Of 200 at the same moment, all get the same report. Once
the customer's cart has taken another merge, a repeat gets the id of its own merge, without lines.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from cart_service.carts.model import Cart, OwnerKind
from cart_service.carts.operations import fingerprint_of
from cart_service.carts.ports import CartRepository
from cart_service.carts.records import MergeRecord, MergeStrategy, PendingMerge, UsedKey
from cart_service.carts.service import CartWrite, CartWriter, WriteResult
from cart_service.merging.operations import BeginMerge, FinishMerge, TakeGuestCart
from shared.entity_tags import EntityTags
from shared.ids import new_id

CarryOver = Callable[[str, PendingMerge], Awaitable[WriteResult | None]]
"""Moves the guest's promo code to the customer's cart; see `PromoCodes.carry_over`."""


@dataclass(frozen=True, slots=True)
class Merge:
    """`key` is the Idempotency-Key, `if_match` names the versions of the customer's cart
    that the client accepts. A `dry_run` writes nothing."""

    owner: str
    guest: str
    strategy: MergeStrategy
    dry_run: bool = False
    key: str | None = None
    if_match: EntityTags | None = None
    owner_kind: OwnerKind | None = None
    by: str | None = None


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
        """Makes the merge, or what is left of it. Stock and limits never refuse it: the report names what
        they held back. `if_match` is checked before the first write; later changes are merged with. Raises
        `CartChanged`, `IdempotencyKeyReused`, `CatalogueUnavailable`, `StoreUnavailable`.
        """
        if merge.dry_run:
            return await self._preview(merge)
        begun = await self._finish_begun(merge.guest)
        if begun and begun.to == merge.owner:  # the condition was asked when it began
            merge = replace(merge, if_match=None)
        checked = await self._writer.preview(replace(_write_of(merge, None), key=merge.key))
        if checked.replayed:
            return Merged(checked, _made_under(checked.cart, merge.key))
        operation = _begin(merge, checked.cart)
        pending = await self._begin_merge(merge, operation)
        written = await self._take(merge.guest, pending, _write_of(merge, pending))
        return Merged(_marked(written, pending, operation), _record_of(written.cart, pending))

    async def finish(self, guest: str) -> None:
        """Finishes a merge that has begun, if there is one. A repeat changes nothing."""
        await self._finish_begun(guest)

    async def _preview(self, merge: Merge) -> Merged:
        mine = await self._carts.get(merge.owner) or Cart(merge.owner)
        guest = await self._carts.get(merge.guest) or Cart(merge.guest)
        if guest.pending_merge and not guest.pending_merge.is_done and guest.pending_merge.to == merge.owner:
            pending: PendingMerge | None = guest.pending_merge
        else:
            pending = _begin(merge, mine).apply(guest, {}, "").pending_merge
            pending = None if pending is guest.pending_merge else pending
        write = replace(_write_of(merge, pending), if_match=merge.if_match)
        written = await self._writer.preview(write)
        return Merged(written, _record_of(written.cart, pending))

    async def _finish_begun(self, guest: str) -> PendingMerge | None:
        cart = await self._carts.get(guest)
        if cart is None or cart.pending_merge is None or cart.pending_merge.is_done:
            return None
        await self._finish(guest, cart.pending_merge)
        return cart.pending_merge

    async def _begin_merge(self, merge: Merge, operation: BeginMerge) -> PendingMerge | None:
        """The customer's pending merge, begun now or earlier; None if the guest has nothing for them."""
        while True:
            written = await self._writer.write(
                CartWrite(merge.guest, [operation], owner_kind=OwnerKind.GUEST)
            )
            guest, pending = written.cart, written.cart.pending_merge
            if pending is None:
                return None
            is_all = pending.merge_id == operation.merge_id or not (guest.lines or guest.saved)
            if is_all and pending.to == merge.owner and pending.merge_id not in operation.undone:
                return pending
            if pending.is_done:
                return None  # everything went to somebody else
            await self._finish(merge.guest, pending)

    async def _finish(self, guest: str, pending: PendingMerge) -> None:
        operation = TakeGuestCart(guest, pending, pending.strategy)
        await self._take(guest, pending, CartWrite(pending.to, [operation]))

    async def _take(self, guest: str, pending: PendingMerge | None, write: CartWrite) -> WriteResult:
        written = await self._writer.write(write)
        if pending is None or pending.is_done:
            return written
        if written.cart.promo_code is None:
            written = await self._carry_over(guest, pending) or written
        await self._writer.write(CartWrite(guest, [FinishMerge(pending.merge_id)]))
        return written


def _used_key(merge: Merge) -> UsedKey | None:
    request = TakeGuestCart(merge.guest, None, merge.strategy)
    return UsedKey(merge.key, fingerprint_of([request])) if merge.key else None


def _begin(merge: Merge, mine: Cart) -> BeginMerge:
    undone = frozenset(record.merge_id for record in mine.merges if record.is_undone)
    return BeginMerge(new_id(), merge.owner, merge.strategy, undone, _used_key(merge))


def _write_of(merge: Merge, pending: PendingMerge | None) -> CartWrite:
    operation = TakeGuestCart(merge.guest, pending, merge.strategy, _used_key(merge))
    if_match = None if pending else merge.if_match
    return CartWrite(merge.owner, [operation], if_match=if_match, owner_kind=merge.owner_kind, by=merge.by)


def _marked(written: WriteResult, pending: PendingMerge | None, operation: BeginMerge) -> WriteResult:
    """Marks it as replayed if another request under the same key was faster."""
    is_repeat = pending is not None and pending.merge_id != operation.merge_id
    is_same = operation.key is not None and pending is not None and pending.key == operation.key
    return replace(written, replayed=is_repeat and is_same)


def _record_of(cart: Cart, pending: PendingMerge | None) -> MergeRecord | None:
    return cart.find_merge(pending.merge_id) if pending else None


def _made_under(cart: Cart, key: str | None) -> MergeRecord | None:
    return next((record for record in reversed(cart.merges) if key in record.keys), None)
