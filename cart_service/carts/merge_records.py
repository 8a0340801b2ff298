"""What carts keep of merges: the handover of a guest's cart, and the record of a merge taken in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cart_service.carts.idempotency import UsedKey
from cart_service.carts.lines import Line

REMEMBERED_MERGES = 32


class MergeStrategy(StrEnum):
    """What becomes of a product that is in both carts. Any other line of either cart stays."""

    SUM = "sum"
    MAX = "max"
    MINE = "mine"
    GUEST = "guest"

    def quantity(self, mine: int, guest: int) -> int:
        """The wanted quantity, before any limit; `mine` is 0 where only the guest has the product."""
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
class Handover:
    """What a guest's cart held when it was handed over to `to`, kept in the guest's cart.

    It decides, once and for all, who gets it and how: whoever repeats the merge finds it and goes on, until
    `is_done` says that `to` has it. `key` is that of the request which began it; `promo_code` stood on the
    guest's cart, by the turn `promo_turn`.
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
    """A merge that a cart has taken in, and what it reported. Only the last one keeps its report. `keys` are
    the idempotency keys of the requests that were answered with it."""

    merge_id: str
    guest: str
    strategy: MergeStrategy
    at: str
    report: tuple[MergedLine, ...] = ()
    is_undone: bool = False
    keys: tuple[str, ...] = ()
