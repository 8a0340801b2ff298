"""Undoing the last clear, removal or merge: everything that its write changed, and nothing later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cart_service.carts.errors import CartFull, NothingToUndo
from cart_service.carts.lines import Line, Lines, in_order, quantity_in
from cart_service.limits import MAX_LINES, MAX_QUANTITY
from shared.clock import from_rfc3339

UNDO_WINDOW = timedelta(hours=24)


class Undoable(StrEnum):
    """What can be undone."""

    CLEAR = "clear"
    REMOVE = "remove"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line that a write changed: as it was before, None if there was none, and its pieces after."""

    product_id: str
    before: Line | None
    quantity_after: int


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoes a write: the lines that it changed, and those saved for later. `promo_turn` is the turn
    with which a merge brought the guest's promo code; 0 if it brought none."""

    operation: Undoable
    at: str
    lines: tuple[ChangedLine, ...] = ()
    saved: tuple[ChangedLine, ...] = ()
    merge_id: str | None = None
    promo_turn: int = 0

    @property
    def until(self) -> datetime:
        """The moment from which it cannot be undone."""
        return from_rfc3339(self.at) + UNDO_WINDOW

    def require_open(self, now: datetime) -> None:
        """Raises `NothingToUndo` if it is too long ago."""
        if now >= self.until:
            raise NothingToUndo("The last operation that could be undone is more than 24 hours ago.")

    def undo(self, lines: Lines, saved: Lines) -> tuple[Lines, Lines]:
        """Both as if the write had not happened. Later additions and removals stay. Raises `CartFull`."""
        lines, saved = _undone(self.lines, lines, saved)
        saved, lines = _undone(self.saved, saved, lines)
        return _fitting(lines), _fitting(saved)


def changed_lines(before: Lines, after: Lines) -> tuple[ChangedLine, ...]:
    """The lines that differ."""
    return () if before is after else tuple(_changed_lines(before, after))


def _changed_lines(before: Lines, after: Lines) -> Iterator[ChangedLine]:
    for id, line in before.items():
        left = after.get(id)
        if left is not line and (left is None or left != line or left.place != line.place):
            yield ChangedLine(id, replace(line), left.quantity if left else 0)  # a copy without `priced_as`
    for id, line in after.items():
        if id not in before:
            yield ChangedLine(id, None, line.quantity)


def _undone(
    changed: Iterable[ChangedLine], lines: Lines, elsewhere: Lines
) -> tuple[dict[str, Line], dict[str, Line]]:
    """Pieces that have to go and are not in the lines were moved elsewhere later, and go from there."""
    lines, elsewhere = dict(lines), dict(elsewhere)
    for it in changed:
        missing = it.quantity_after - quantity_in(lines, it.product_id)
        kept = _as_before(it, lines.pop(it.product_id, None))
        if kept is not None:
            lines[it.product_id] = kept
        gone = missing - (it.before.quantity if it.before else 0)
        if gone > 0 and (other := elsewhere.pop(it.product_id, None)) and other.quantity > gone:
            elsewhere[it.product_id] = other.first(other.quantity - gone)
    return lines, elsewhere


def _as_before(changed: ChangedLine, present: Line | None) -> Line | None:
    """The line before the write, with later additions and removals."""
    before, added = changed.before, (present.quantity if present else 0) - changed.quantity_after
    if before is None:
        return present.only_last(added) if present is not None and added > 0 else None
    if added <= 0:
        return before.first(before.quantity + added) if before.quantity + added > 0 else None
    more = before.more(present.last(added) if present is not None else ())
    return more if more.quantity <= MAX_QUANTITY else more.first(MAX_QUANTITY)


def _fitting(lines: Lines) -> Lines:
    if len(lines) > MAX_LINES:
        *_, last = lines
        raise CartFull(last, MAX_LINES)
    return in_order(lines.values())
