"""Uses of a code: one user's claims, and how many there are in all.

A use is a cart on which the code stands (reserved), or an order placed with it (final). A `Claim` is one
user's side of it, a `Tally` the side of the code; they are kept apart, so a step on one may be repeated, or
come late. Both therefore go by the claim's id, which is never used again: to hold, to let go and to make
final an id that is (or is not) held any more changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cart_service.promotions.errors import PromoCodeUsedByYou, PromoCodeUsedUp
from cart_service.promotions.model import Promotion

MAX_HELD = 20_000
"""Carts that can hold one code with a total limit at the same time, whatever its limit is."""
REMEMBERED_ORDERS = 64
_GONE = -1
"""Instead of a turn: of a claim that `NOBODY` has taken in, and that is there no more."""

NOBODY = ""
"""The owner of the claim that holds the placed orders of those who are no more."""


class ClaimState(StrEnum):
    """`claiming`, `releasing` and `settling` are on their way: the tally may or may not know already.
    `retained` is free, and a guest's whose cart has expired: it counts for the guest's limit until it is due
    to go. `leaving` is on its way to the claim of `NOBODY`."""

    FREE = "free"
    CLAIMING = "claiming"
    RESERVED = "reserved"
    RELEASING = "releasing"
    SETTLING = "settling"
    RETAINED = "retained"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order that made a use final. `turn` is the latest that it was reserved for."""

    order_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One user's uses of one code: at most one reserved, `final` placed orders, the last of them by id.

    `turn` is the latest that it was reserved for. Turns belong to the cart: a code comes on it by the next
    one only, and who gives a turn back has seen to it that the cart is past it, without the code. So what is
    on its way to the cart comes too late once its use was given back, and a use that was reserved for a later
    turn is not given back by who gives back an earlier one. `counted` says that the code's tally has to be
    told of this claim. `changed_at` is when a retained one is due.
    """

    code: str
    owner: str
    state: ClaimState = ClaimState.FREE
    claim_id: str = ""
    counted: bool = False
    turn: int = 0
    final: int = 0
    orders: tuple[PlacedOrder, ...] = ()
    changed_at: datetime | None = None

    @property
    def is_unfinished(self) -> bool:
        """Given back or made final, and the tally has to be told first."""
        return self.state in (ClaimState.RELEASING, ClaimState.SETTLING)

    @property
    def is_free(self) -> bool:
        """No use is reserved, nor on its way."""
        return self.state in (ClaimState.FREE, ClaimState.RETAINED)

    @property
    def is_empty(self) -> bool:
        """Nothing would be lost with it."""
        return self.is_free and not self.final

    def has_left(self, claim_id: str) -> bool:
        """Whether that id is nobody's any more."""
        return self.claim_id != claim_id or self.is_free

    def has_spent(self, turn: int) -> bool:
        """Whether what stood on the cart by this turn has left it, or should have, for an order."""
        return self.turn > turn or any(order.turn == turn for order in self.orders)

    def claimed(self, promotion: Promotion, turn: int, fresh_id: str, now: datetime) -> Claim:
        """The claim with a use reserved for that turn, or on the way to it when it must be counted.

        Unfinished and leaving ones stay as they are. Raises `PromoCodeUsedByYou`.
        """
        if self.is_unfinished or self.state is ClaimState.LEAVING:
            return self
        if not self.is_free:
            return replace(self, turn=turn, changed_at=now) if turn > self.turn else self
        limit = promotion.conditions.per_user_limit
        if limit is not None and self.final >= limit:
            raise PromoCodeUsedByYou(self.code, limit)
        counted = promotion.conditions.total_limit is not None
        return replace(
            self,
            state=ClaimState.CLAIMING if counted else ClaimState.RESERVED,
            claim_id=fresh_id,
            counted=counted,
            turn=max(turn, self.turn),
            changed_at=now,
        )

    def confirmed(self, claim_id: str) -> Claim:
        """Reserved, now that the tally holds it."""
        if self.state is ClaimState.CLAIMING and self.claim_id == claim_id:
            return replace(self, state=ClaimState.RESERVED)
        return self

    def refused(self, claim_id: str) -> Claim:
        """Free again, when the tally did not take it."""
        if self.state is ClaimState.CLAIMING and self.claim_id == claim_id:
            return replace(self, state=ClaimState.FREE)
        return self

    def released(self, turn: int, now: datetime) -> Claim:
        """Given back by a cart that is past this turn and does not have the code."""
        if self.state is not ClaimState.RESERVED or self.turn > turn:
            return self
        state = ClaimState.RELEASING if self.counted else ClaimState.FREE
        return replace(self, state=state, changed_at=now)

    def made_final(self, order_id: str, now: datetime) -> Claim:
        """Made final by an order. Only what is reserved can be."""
        if self.state is not ClaimState.RESERVED:
            return self
        state = ClaimState.SETTLING if self.counted else ClaimState.FREE
        orders = (*self.orders, PlacedOrder(order_id, self.turn))[-REMEMBERED_ORDERS:]
        return replace(self, state=state, final=self.final + 1, orders=orders, changed_at=now)

    def finished(self, claim_id: str) -> Claim:
        """Free, now that the tally was told."""
        if self.is_unfinished and self.claim_id == claim_id:
            return replace(self, state=ClaimState.FREE)
        return self

    def retained(self, until: datetime) -> Claim:
        """Kept for its owner's limit until then."""
        if not self.is_free or self.state is ClaimState.RETAINED:
            return self
        return replace(self, state=ClaimState.RETAINED, changed_at=until)

    def leaving(self, fresh_id: str, now: datetime) -> Claim:
        """On its way to the claim of `NOBODY`, if it is free and has placed orders."""
        if not self.is_free or not self.final:
            return self
        return replace(self, state=ClaimState.LEAVING, claim_id=fresh_id, changed_at=now)

    def with_orders_of(self, left: Claim) -> Claim:
        """With the placed orders of a leaving claim, once: its id is remembered until it is gone, and a while
        longer, because somebody slow may still be handing it over."""
        if self.placed(left.claim_id):
            return self
        return replace(
            self, final=self.final + left.final, orders=(*self.orders, PlacedOrder(left.claim_id, 0))
        )

    def without_moved(self, claim_id: str) -> Claim:
        """Knows that a claim that was taken in is gone. The latest of those are remembered."""
        waiting = tuple(it for it in self.orders if it.turn != _GONE and it.order_id != claim_id)
        gone = tuple(it for it in self.orders if it.turn == _GONE)
        if len(waiting) + len(gone) == len(self.orders):
            return self
        gone = (*gone, PlacedOrder(claim_id, _GONE))[-REMEMBERED_ORDERS:]
        return replace(self, orders=waiting + gone)

    def placed(self, order_id: str) -> PlacedOrder | None:
        """The order, if it has made a use final."""
        return next((order for order in self.orders if order.order_id == order_id), None)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many uses a code has. `held` are the ids of its reserved claims, each after a space: text, because
    it is long, written whole, and searched faster than anything made of it. They are all the same length."""

    code: str
    held: str = ""
    final: int = 0

    @property
    def reserved(self) -> int:
        return self.held.count(" ")

    def counts(self, claim_id: str) -> bool:
        return f" {claim_id}" in self.held

    def count(self, claim_id: str, total_limit: int) -> Tally:
        """Counts a claim, unless it is counted already. Raises `PromoCodeUsedUp`."""
        if self.counts(claim_id):
            return self
        reserved = self.reserved
        if reserved + self.final >= total_limit or reserved >= MAX_HELD:
            raise PromoCodeUsedUp(self.code)
        return self.count_anyway(claim_id)

    def count_anyway(self, claim_id: str) -> Tally:
        """Counts a claim that somebody has, whatever the limit is."""
        return self if self.counts(claim_id) else replace(self, held=f"{self.held} {claim_id}")

    def release(self, claim_id: str) -> Tally:
        """Counts it no longer."""
        return replace(self, held=self.held.replace(f" {claim_id}", "")) if self.counts(claim_id) else self

    def make_final(self, claim_id: str) -> Tally:
        """Counts it as a placed order, if it is held."""
        return replace(self.release(claim_id), final=self.final + 1) if self.counts(claim_id) else self

    def with_final(self, final: int) -> Tally:
        """With that many placed orders."""
        return self if final == self.final else replace(self, final=final)

    def with_order(self) -> Tally:
        """Counts a placed order of a code without a total limit, whose claims are not held."""
        return replace(self, final=self.final + 1)


@dataclass(frozen=True, slots=True)
class DroppedPromoCode:
    """A promo code that a cart has lost, and the turn by which it stood there: a use to be given back."""

    code: str
    turn: int
