"""What can be asked of a cart about its promo code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cart_service.carts.model import Cart
from cart_service.carts.operations import Operation
from cart_service.catalogue.model import CatalogueProduct
from cart_service.promotions.claims import DroppedPromoCode
from cart_service.promotions.errors import MergeUndone


def dropped_between(before: Cart, after: Cart | None) -> DroppedPromoCode | None:
    """What the cart has lost; everything when there is none any more."""
    if before.promo_code is None or (after and before.promo_code == after.promo_code):
        return None
    return DroppedPromoCode(before.promo_code, before.promo_turn)


class NotReserved(Exception):
    """The code does not stand on the cart, and cannot come by the turn that it was reserved for, if any:
    reserve it for `turn` and come again. 0 when the cart has no turns yet."""

    def __init__(self, turn: int) -> None:
        super().__init__(turn)
        self.turn = turn


@dataclass(frozen=True, slots=True)
class BeginPromoTurns(Operation):
    """Has the cart count turns, also one that was not there before."""

    wire_name = "BeginPromoTurns"

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        return cart.with_turns(at)


@dataclass(frozen=True, slots=True)
class PutPromoCode(Operation):
    """Puts the code on the cart by the reserved `turn`, in place of any other. Raises `NotReserved` without a
    turn, or when it is over, unless the code stands there already and `may_stand`.

    With a `merge_id` it comes with that merge, and goes when that is undone. Raises `MergeUndone`.
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
    """Takes whatever code there is off the cart."""

    wire_name = "RemovePromoCode"

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.without_promo_code()


@dataclass(frozen=True, slots=True)
class RedeemPromoCode(Operation):
    """Takes the code off after an order, unless it was put there again since: `turn` is the order's. What was
    reserved for it then, and is still on its way, went with the order."""

    wire_name = "RedeemPromoCode"

    code: str
    turn: int

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        spent = cart.promo_code == self.code and cart.promo_turn <= self.turn
        return (cart.without_promo_code() if spent else cart).past_turn(self.turn)


@dataclass(frozen=True, slots=True)
class DropEndedPromoCode(Operation):
    """Takes the code off if its promotion is over, which is what acknowledging that means."""

    wire_name = "DropEndedPromoCode"

    is_over: Callable[[str], bool]

    @property
    def request(self) -> tuple[object, ...]:
        return (self.wire_name,)

    def apply(self, cart: Cart, _products: Mapping[str, CatalogueProduct], _at: str, /) -> Cart:
        return cart.without_promo_code() if cart.promo_code and self.is_over(cart.promo_code) else cart
