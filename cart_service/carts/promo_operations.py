"""Operations on the promo code of a cart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cart_service.carts.model import Cart
from cart_service.carts.operations import Operation
from cart_service.catalogue.model import CatalogueProduct
from cart_service.promotions.claims import DroppedPromoCode
from cart_service.promotions.errors import MergeUndone


def dropped_between(before: Cart, after: Cart | None) -> DroppedPromoCode | None:
    """The promo code that a cart has lost. A removed cart (None) loses its code."""
    if before.promo_code is None or (after and before.promo_code == after.promo_code):
        return None
    return DroppedPromoCode(before.promo_code, before.promo_turn)


class NotReserved(Exception):
    """The cart does not have the code, and the code cannot come with the turn that it was reserved for, if
    any. Reserve it for `turn` and repeat. 0 if the cart has no turns yet."""

    def __init__(self, turn: int) -> None:
        super().__init__(turn)
        self.turn = turn


@dataclass(frozen=True, slots=True)
class BeginPromoTurns(Operation):
    """Gives the cart its first turn. Makes the cart if there is none."""

    wire_name = "BeginPromoTurns"

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        return cart.with_turns(at)


@dataclass(frozen=True, slots=True)
class PutPromoCode(Operation):
    """Puts the code on the cart with the reserved `turn`, instead of any other. Raises `NotReserved` if there
    is no turn or it is over, unless the cart has the code already and `may_stand`.

    With a `merge_id` it comes with that merge, and goes when the merge is undone. Raises `MergeUndone`.
    """

    wire_name = "PutPromoCode"
    code: str
    turn: int = 0
    may_stand: bool = True
    merge_id: str | None = None

    @property
    def request(self) -> tuple[object, ...]:
        return self.wire_name, self.code

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        merge = cart.find_merge(self.merge_id) if self.merge_id else None
        if merge and merge.is_undone:
            raise MergeUndone
        if cart.promo_code == self.code and self.may_stand:
            return cart
        if self.turn and self.turn == cart.next_turn:
            cart = cart.with_promo_code(self.code, self.turn)
            return cart.with_merged_code(self.merge_id) if self.merge_id else cart
        raise NotReserved(cart.next_turn)


@dataclass(frozen=True, slots=True)
class RemovePromoCode(Operation):
    """Removes the code from the cart, if there is one."""

    wire_name = "RemovePromoCode"

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.without_promo_code()


@dataclass(frozen=True, slots=True)
class RedeemPromoCode(Operation):
    """Removes the code after an order, unless it was put there again later: `turn` is the order's. A use that
    was reserved up to that turn went with the order, so no late request can bring it."""

    wire_name = "RedeemPromoCode"
    code: str
    turn: int

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        spent = cart.promo_code == self.code and cart.promo_turn <= self.turn
        return (cart.without_promo_code() if spent else cart).past_turn(self.turn)


@dataclass(frozen=True, slots=True)
class DropEndedPromoCode(Operation):
    """Accepts the notice of an ended promotion: removes its code."""

    wire_name = "DropEndedPromoCode"
    is_over: Callable[[str], bool]

    @property
    def request(self) -> tuple[object, ...]:
        return (self.wire_name,)

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.without_promo_code() if cart.promo_code and self.is_over(cart.promo_code) else cart
