"""The steps of a merge: the guest's cart begins it, the customer's takes the lines, the guest's finishes it.

Each step is one write of one cart and can be repeated. The first one fixes what is merged, for whom and how.
The second one is recognised by the merge's id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cart_service.carts.lines import Line, Lines, together
from cart_service.carts.model import Cart
from cart_service.carts.operations import Operation
from cart_service.carts.records import REMEMBERED_KEYS, MergeRecord, MergeStrategy, PendingMerge, UsedKey
from cart_service.catalogue.model import CatalogueProduct
from cart_service.merging.lines import merge_lines, merge_saved


@dataclass(frozen=True, slots=True)
class BeginMerge(Operation):
    """Moves what a guest's cart holds into the pending merge `merge_id` for the customer `to`.

    `undone` are merges that `to` has undone: their lines are merged again. `key` is the Idempotency-Key of
    the request. Nothing changes if there is nothing new to merge, or while an earlier merge is not done: that
    one has to be finished first.
    """

    wire_name = "HandOver"
    merge_id: str
    to: str
    strategy: MergeStrategy
    undone: frozenset[str]
    key: UsedKey | None = None

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        earlier = cart.pending_merge
        if earlier is not None and not earlier.is_done:
            return cart
        again = earlier if earlier and earlier.to == self.to and earlier.merge_id in self.undone else None
        if not (cart.lines or cart.saved or again):
            return cart
        lines, saved = (again.lines, again.saved) if again else ((), ())
        code, turn = cart.promo_code, cart.promo_turn
        if again and code is None:
            code, turn = again.promo_code, again.promo_turn
        return cart.with_pending_merge(
            PendingMerge(
                self.merge_id,
                self.to,
                self.strategy,
                at,
                _joined(cart.lines, lines),
                _joined(cart.saved, saved),
                key=self.key,
                promo_code=code,
                promo_turn=turn,
            )
        )


@dataclass(frozen=True, slots=True)
class FinishMerge(Operation):
    """Notes in the guest's cart that the customer's cart has the lines."""

    wire_name = "FinishHandover"
    merge_id: str

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        pending = cart.pending_merge
        if pending is None or pending.merge_id != self.merge_id or pending.is_done:
            return cart
        return replace(cart, pending_merge=replace(pending, is_done=True))


@dataclass(frozen=True, slots=True)
class TakeGuestCart(Operation):
    """Takes the lines of a pending merge, unless the cart has them already or the merge is done. `requested`
    is the strategy that was asked for; the one of the pending merge counts.

    The cart remembers the keys of the request that began the merge and of this one, `key`. They are not the
    key of the write around this operation: no use of a key may keep the guest's lines out.
    """

    guest: str
    pending: PendingMerge | None
    requested: MergeStrategy
    key: UsedKey | None = None

    @property
    def request(self) -> tuple[object, ...]:
        return "merge", self.guest, self.requested.value

    def products_of(self, _cart: Cart, /) -> Collection[str]:
        return [line.product_id for line in self.pending.lines] if self.pending else ()

    def apply(self, cart: Cart, products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        pending = self.pending
        if pending and not pending.is_done and not cart.find_merge(pending.merge_id):
            cart = _remembering(pending.key, self._merged(pending, cart, products, at), pending.merge_id)
        return _remembering(self.key, cart, pending.merge_id if pending else None)

    def _merged(
        self, pending: PendingMerge, cart: Cart, products: Mapping[str, CatalogueProduct], at: str
    ) -> Cart:
        lines, report = merge_lines(cart.lines, pending.lines, pending.strategy, products)
        after = replace(cart, lines=lines, saved=merge_saved(cart.saved, pending.saved))
        return after.merged(MergeRecord(pending.merge_id, self.guest, pending.strategy, at, report), cart)


def _remembering(used: UsedKey | None, cart: Cart, merge_id: str | None) -> Cart:
    if used is None or any(it.key == used.key for it in cart.used_keys):
        return cart
    merges = tuple(
        replace(record, keys=(*record.keys, used.key)[-REMEMBERED_KEYS:])
        if record.merge_id == merge_id
        else record
        for record in cart.merges
    )
    return replace(cart, merges=merges).with_key(used.key, used.fingerprint)


def _joined(present: Lines, again: tuple[Line, ...]) -> tuple[Line, ...]:
    """All lines. A product in both keeps the place of its present line and gets the pieces of both. They may
    exceed the limits of a cart: `merge_lines` applies and reports them."""
    more = {line.product_id: line for line in again}
    return (
        *(together(line, more[id]) if id in more else line for id, line in present.items()),
        *(line for line in again if line.product_id not in present),
    )
