"""What carts remember of requests: their idempotency keys and merges. A guest's cart keeps the pending merge,
a customer's cart a record of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cart_service.carts.lines import Line

REMEMBERED_KEYS = 64
REMEMBERED_MERGES = 32


@dataclass(frozen=True, slots=True)
class UsedKey:
    """An idempotency key that was accepted, and the fingerprint of its request
    (draft-ietf-httpapi-idempotency-key-header)."""

    key: str
    fingerprint: str


class MergeStrategy(StrEnum):
    """Which quantity a product gets that is in both carts. Every other line of either cart stays."""

    SUM = "sum"
    MAX = "max"
    MINE = "mine"
    GUEST = "guest"

    def quantity(self, mine: int, guest: int) -> int:
        """The wanted quantity, before any limit. `mine` is 0 if only the guest has the product."""
        match self:
            case MergeStrategy.SUM:
                return mine + guest
            case MergeStrategy.MAX:
                return max(mine, guest)
            case MergeStrategy.MINE:
                return mine or guest
            case MergeStrategy.GUEST:
                return guest


class MergeOutcome(StrEnum):
    """What became of a line of the guest's cart."""

    ADDED = "added"
    CHANGED = "changed"
    KEPT = "kept"
    SKIPPED = "skipped"


class MergeLimit(StrEnum):
    """What kept a line from getting the quantity that the strategy asks for."""

    STOCK = "stock"
    LINE_LIMIT = "line_limit"
    CART_FULL = "cart_full"
    NOT_FOR_SALE = "not_for_sale"


@dataclass(frozen=True, slots=True)
class MergedLine:
    """One line of the report: the quantities before, in both carts, and after."""

    product_id: str
    quantity_mine: int
    quantity_guest: int
    quantity: int
    outcome: MergeOutcome
    limited_by: MergeLimit | None = None


@dataclass(frozen=True, slots=True)
class PendingMerge:
    """What a guest's cart held when a merge for the customer `to` began. The guest's cart keeps it.

    It fixes the receiver and the strategy: a repeat of the merge finds it and continues, until `is_done` says
    that `to` has the lines. `key` is the key of the request that began it. `promo_code` was on the guest's
    cart, reserved with the turn `promo_turn`.
    """

    merge_id: str
    to: str
    strategy: MergeStrategy
    at: str
    lines: tuple[Line, ...]
    saved: tuple[Line, ...] = ()
    is_done: bool = False
    key: UsedKey | None = None
    promo_code: str | None = None
    promo_turn: int = 0


@dataclass(frozen=True, slots=True)
class MergeRecord:
    """A merge into a cart, and its report. Only the last one keeps its report. `keys` are the idempotency
    keys of the requests that were answered with it."""

    merge_id: str
    guest: str
    strategy: MergeStrategy
    at: str
    report: tuple[MergedLine, ...] = ()
    is_undone: bool = False
    keys: tuple[str, ...] = ()
