"""The two halves of a merge: the guest's cart is handed over, and the customer's takes it in.

Each is one write of one cart and can be repeated. The first one fixes what is merged, for whom and how; the
second one is known by the merge's id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cart_service.carts.idempotency import REMEMBERED_KEYS, UsedKey
from cart_service.carts.lines import Line, Lines, together
from cart_service.carts.merge_records import Handover, MergeRecord, MergeStrategy
from cart_service.carts.model import Cart
from cart_service.carts.operations import BaseOperation
from cart_service.catalogue.model import CatalogueProduct
from cart_service.merging.lines import merge_lines, merge_saved


@dataclass(frozen=True, slots=True)
class HandOver(BaseOperation):
    """Hands what is in a guest's cart over to `to`, as the merge `merge_id`. `undone` are merges that `to`
    has undone: what they brought is handed over anew. `key` is the Idempotency-Key of the request.

    Nothing changes where nothing new is to be handed over, or while an earlier handover is not done: that has
    to be taken in first.
    """

    merge_id: str
    to: str
    strategy: MergeStrategy
    undone: frozenset[str]
    key: UsedKey | None = None

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        earlier = cart.handover
        if earlier is not None and not earlier.is_done:
            return cart
        again = earlier if earlier and earlier.to == self.to and earlier.merge_id in self.undone else None
        if not (cart.lines or cart.saved or again):
            return cart
        lines, saved = (again.lines, again.saved) if again else ((), ())
        code, turn = cart.promo_code, cart.promo_turn
        if again and code is None:
            code, turn = again.promo_code, again.promo_turn
        return cart.handed_over(
            Handover(
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
class FinishHandover(BaseOperation):
    """Notes in the guest's cart that the merge was taken in."""

    merge_id: str

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        handover = cart.handover
        if handover is None or handover.merge_id != self.merge_id or handover.is_done:
            return cart
        return replace(cart, handover=replace(handover, is_done=True))


@dataclass(frozen=True, slots=True)
class TakeIn(BaseOperation):
    """Takes a handover of the guest's cart in, unless the cart has it already or it is done. `requested` is
    the strategy that was asked for; the handover's own counts.

    The keys of the request that began the merge and of this one, `key`, are remembered with it. They are no
    part of the write around it: no use of a key may keep out what was handed over.
    """

    guest: str
    handover: Handover | None
    requested: MergeStrategy
    key: UsedKey | None = None

    @property
    def request(self) -> tuple[object, ...]:
        return "merge", self.guest, self.requested.value

    def products_of(self, _cart: Cart, /) -> Collection[str]:
        return [line.product_id for line in self.handover.lines] if self.handover else ()

    def apply(self, cart: Cart, products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        handover = self.handover
        if handover and not handover.is_done and not cart.find_merge(handover.merge_id):
            cart = _remembering(handover.key, self._taken_in(handover, cart, products, at), handover.merge_id)
        return _remembering(self.key, cart, handover.merge_id if handover else None)

    def _taken_in(
        self, handover: Handover, cart: Cart, products: Mapping[str, CatalogueProduct], at: str
    ) -> Cart:
        lines, report = merge_lines(cart.lines, handover.lines, handover.strategy, products)
        after = replace(cart, lines=lines, saved=merge_saved(cart.saved, handover.saved))
        return after.merged(MergeRecord(handover.merge_id, self.guest, handover.strategy, at, report), cart)


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
    """All lines; of a product in both, the one that is in the cart now, with the pieces of both. They may be
    more than a cart may have: taking them in sees to that, and reports it."""
    more = {line.product_id: line for line in again}
    return (
        *(together(line, more[id]) if id in more else line for id, line in present.items()),
        *(line for line in again if line.product_id not in present),
    )
