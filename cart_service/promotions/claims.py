"""Uses of a code: the claims of users, and the tally of all of them.

A use is a cart with the code (reserved), or an order with it (final). A `Claim` records the uses of one user,
a `Tally` counts those of the code. They are two documents, so a step on one may be repeated or come late.
Both therefore use the claim's id, which is never used again. To count, release or make final an id that is
already in the wanted state changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cart_service.promotions.errors import PromoCodeUsedByYou, PromoCodeUsedUp
from cart_service.promotions.model import Promotion

MAX_HELD = 20_000
"""The most carts that can have a code with a total limit at the same time, even if its limit is higher."""
REMEMBERED_ORDERS = 64
_GONE = -1
"""The turn of a claim that was moved to `NOBODY` and removed."""

NOBODY = ""
"""The owner of the claim with the orders of deleted users."""


class ClaimState(StrEnum):
    """`claiming`, `releasing` and `settling` are intermediate: the tally may or may not include them yet.
    `retained` is a free claim of a guest whose cart has expired. It counts for the guest's limit until it is
    removed. `leaving` is being moved to the claim of `NOBODY`."""

    FREE = "free"
    CLAIMING = "claiming"
    RESERVED = "reserved"
    RELEASING = "releasing"
    SETTLING = "settling"
    RETAINED = "retained"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order that made a use final. `turn` is the latest turn that it was reserved for."""

    order_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The uses of one code by one user: at most one reserved use, and `final` orders. The latest `orders` are
    kept by id.

    `turn` is the latest turn that the use was reserved for. A cart numbers its turns and accepts a code only
    with the next one. A use is given back only after the cart has passed the turn without the code. So a late
    write of the code fails after its use was given back, and giving back an earlier turn does not give back a
    use that was reserved for a later one. `counted` claims are in the code's tally. `changed_at` of a
    retained claim is the time of its removal.
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
        """The use was given back or made final, and the tally does not show that yet."""
        return self.state in (ClaimState.RELEASING, ClaimState.SETTLING)

    @property
    def is_free(self) -> bool:
        """No use is reserved, or about to be."""
        return self.state in (ClaimState.FREE, ClaimState.RETAINED)

    @property
    def is_empty(self) -> bool:
        """The claim can be removed without a loss."""
        return self.is_free and not self.final

    def has_left(self, claim_id: str) -> bool:
        """Whether no use has that id any more."""
        return self.claim_id != claim_id or self.is_free

    def has_spent(self, turn: int) -> bool:
        """Whether an order, or a later turn, has used up the code of this turn."""
        return self.turn > turn or any(order.turn == turn for order in self.orders)

    def claimed(self, promotion: Promotion, turn: int, fresh_id: str, now: datetime) -> Claim:
        """The claim with a use that is reserved for that turn, or `claiming` if the tally has to count it.
        Unfinished and leaving claims do not change. Raises `PromoCodeUsedByYou`."""
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
        """Reserved, after the tally has counted it."""
        if self.state is ClaimState.CLAIMING and self.claim_id == claim_id:
            return replace(self, state=ClaimState.RESERVED)
        return self

    def refused(self, claim_id: str) -> Claim:
        """Free again, after the tally has refused it."""
        if self.state is ClaimState.CLAIMING and self.claim_id == claim_id:
            return replace(self, state=ClaimState.FREE)
        return self

    def released(self, turn: int, now: datetime) -> Claim:
        """Given back by a cart that has passed this turn and does not have the code."""
        if self.state is not ClaimState.RESERVED or self.turn > turn:
            return self
        state = ClaimState.RELEASING if self.counted else ClaimState.FREE
        return replace(self, state=state, changed_at=now)

    def made_final(self, order_id: str, now: datetime) -> Claim:
        """Made final by an order, if it is reserved."""
        if self.state is not ClaimState.RESERVED:
            return self
        state = ClaimState.SETTLING if self.counted else ClaimState.FREE
        orders = (*self.orders, PlacedOrder(order_id, self.turn))[-REMEMBERED_ORDERS:]
        return replace(self, state=state, final=self.final + 1, orders=orders, changed_at=now)

    def finished(self, claim_id: str) -> Claim:
        """Free, after the tally was changed."""
        if self.is_unfinished and self.claim_id == claim_id:
            return replace(self, state=ClaimState.FREE)
        return self

    def retained(self, until: datetime) -> Claim:
        """Kept until then for the limit of its owner."""
        if not self.is_free or self.state is ClaimState.RETAINED:
            return self
        return replace(self, state=ClaimState.RETAINED, changed_at=until)

    def leaving(self, fresh_id: str, now: datetime) -> Claim:
        """Leaving for the claim of `NOBODY`, if it is free and has orders."""
        if not self.is_free or not self.final:
            return self
        return replace(self, state=ClaimState.LEAVING, claim_id=fresh_id, changed_at=now)

    def with_orders_of(self, left: Claim) -> Claim:
        """With the orders of a leaving claim, once. The claim's id is kept until the claim is removed
        and for some time after, because a slow request may still be moving it."""
        if self.placed(left.claim_id):
            return self
        return replace(
            self, final=self.final + left.final, orders=(*self.orders, PlacedOrder(left.claim_id, 0))
        )

    def without_moved(self, claim_id: str) -> Claim:
        """Notes that a moved claim was removed. The latest of them are kept."""
        waiting = tuple(it for it in self.orders if it.turn != _GONE and it.order_id != claim_id)
        gone = tuple(it for it in self.orders if it.turn == _GONE)
        if len(waiting) + len(gone) == len(self.orders):
            return self
        gone = (*gone, PlacedOrder(claim_id, _GONE))[-REMEMBERED_ORDERS:]
        return replace(self, orders=waiting + gone)

    def placed(self, order_id: str) -> PlacedOrder | None:
        """The order, if it made a use final."""
        return next((order for order in self.orders if order.order_id == order_id), None)


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of uses of a code. `held` has the ids of its reserved claims, each after a space. They have
    the same length. It is one text because a text is searched faster than a parsed list."""

    code: str
    held: str = ""
    final: int = 0

    @property
    def reserved(self) -> int:
        return self.held.count(" ")

    def counts(self, claim_id: str) -> bool:
        return f" {claim_id}" in self.held

    def count(self, claim_id: str, total_limit: int) -> Tally:
        """Counts a claim once. Raises `PromoCodeUsedUp`."""
        if self.counts(claim_id):
            return self
        reserved = self.reserved
        if reserved + self.final >= total_limit or reserved >= MAX_HELD:
            raise PromoCodeUsedUp(self.code)
        return self.count_anyway(claim_id)

    def count_anyway(self, claim_id: str) -> Tally:
        """Counts a reserved claim, even beyond the limit."""
        return self if self.counts(claim_id) else replace(self, held=f"{self.held} {claim_id}")

    def release(self, claim_id: str) -> Tally:
        """Stops counting a claim."""
        return replace(self, held=self.held.replace(f" {claim_id}", "")) if self.counts(claim_id) else self

    def make_final(self, claim_id: str) -> Tally:
        """Counts a reserved claim as an order instead."""
        return replace(self.release(claim_id), final=self.final + 1) if self.counts(claim_id) else self

    def with_final(self, final: int) -> Tally:
        """With that number of orders."""
        return self if final == self.final else replace(self, final=final)

    def with_order(self) -> Tally:
        """Counts an order with a code without a total limit. The claims to such a code are not counted."""
        return replace(self, final=self.final + 1)


@dataclass(frozen=True, slots=True)
class DroppedPromoCode:
    """A promo code that a cart has lost, and its turn: a use to give back."""

    code: str
    turn: int
