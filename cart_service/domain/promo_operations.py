"""What can be asked of a cart about its promo code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cart_service.domain.cart import Cart
from cart_service.domain.operations import BaseOperation
from cart_service.domain.products import Product


@dataclass(frozen=True, slots=True)
class Dropped:
    """A promo code that a cart has lost, and the turn by which it stood there: a use to be given back."""

    code: str
    turn: int

    @classmethod
    def between(cls, before: Cart, after: Cart | None) -> Dropped | None:
        """What the cart has lost; everything when there is none any more."""
        if before.promo_code is None or (after and before.promo_code == after.promo_code):
            return None
        return cls(before.promo_code, before.promo_turn)


class NotReserved(Exception):
    """The code does not stand on the cart, and no use of it is reserved: reserve one and come again."""


@dataclass(frozen=True, slots=True)
class PutPromoCode(BaseOperation):
    """Puts the code on the cart by the reserved `turn`, in place of any other. Without a turn it raises
    `NotReserved`, unless the code stands there already and `may_stand`."""

    code: str
    turn: int | None = None
    may_stand: bool = True

    @property
    def request(self) -> tuple[object, ...]:
        return type(self).__name__, self.code

    def apply(self, cart: Cart, _products: Mapping[str, Product], _at: str, /) -> Cart:
        if self.turn is not None:
            return cart.with_promo_code(self.code, self.turn)
        if cart.promo_code == self.code and self.may_stand:
            return cart
        raise NotReserved


@dataclass(frozen=True, slots=True)
class RemovePromoCode(BaseOperation):
    """Takes whatever code there is off the cart."""

    def apply(self, cart: Cart, _products: Mapping[str, Product], _at: str, /) -> Cart:
        return cart.without_promo_code()


@dataclass(frozen=True, slots=True)
class RedeemPromoCode(BaseOperation):
    """Takes the code off after an order, unless it was put there again since: `turn` is the order's."""

    code: str
    turn: int

    def apply(self, cart: Cart, _products: Mapping[str, Product], _at: str, /) -> Cart:
        spent = cart.promo_code == self.code and cart.promo_turn <= self.turn
        return cart.without_promo_code() if spent else cart


@dataclass(frozen=True, slots=True)
class DropEndedPromoCode(BaseOperation):
    """Takes the code off if its promotion is over, which is what acknowledging that means."""

    is_over: Callable[[str], bool]

    @property
    def request(self) -> tuple[object, ...]:
        return (type(self).__name__,)

    def apply(self, cart: Cart, _products: Mapping[str, Product], _at: str, /) -> Cart:
        return cart.without_promo_code() if cart.promo_code and self.is_over(cart.promo_code) else cart
