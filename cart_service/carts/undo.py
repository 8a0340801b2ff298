"""Taking the last clear, removal or merge back with all that its write changed, and nothing that happened
since."""

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
    """A line that a write changed: as it was before, None where it was not there, and its pieces after."""

    product_id: str
    before: Line | None
    quantity_after: int


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a write back: the lines that it changed, and those saved for later. `promo_turn` is the turn
    by which a merge brought the guest's promo code; 0 where it brought none."""

    operation: Undoable
    at: str
    lines: tuple[ChangedLine, ...] = ()
    saved: tuple[ChangedLine, ...] = ()
    merge_id: str | None = None
    promo_turn: int = 0

    @property
    def until(self) -> datetime:
        """The moment from which it cannot be taken back."""
        return from_rfc3339(self.at) + UNDO_WINDOW

    def require_open(self, now: datetime) -> None:
        """Raises `NothingToUndo` when it is too long ago."""
        if now >= self.until:
            raise NothingToUndo("The last operation that could be undone is more than 24 hours ago.")

    def take_back(self, lines: Lines, saved: Lines) -> tuple[Lines, Lines]:
        """Both as if the write had not been: what was added or removed since stays so. Raises `CartFull`."""
        lines, saved = _taken_back(self.lines, lines, saved)
        saved, lines = _taken_back(self.saved, saved, lines)
        return _fitting(lines), _fitting(saved)


def changed_lines(before: Lines, after: Lines) -> tuple[ChangedLine, ...]:
    """The lines that differ."""
    return () if before is after else tuple(_changed_lines(before, after))


def _changed_lines(before: Lines, after: Lines) -> Iterator[ChangedLine]:
    for id, line in before.items():
        now = after.get(id)
        if now is not line and (now is None or now != line or now.place != line.place):
            yield ChangedLine(id, replace(line), now.quantity if now else 0)  # without what it was priced as
    for id, line in after.items():
        if id not in before:
            yield ChangedLine(id, None, line.quantity)


def _taken_back(
    changed: Iterable[ChangedLine], lines: Lines, elsewhere: Lines
) -> tuple[dict[str, Line], dict[str, Line]]:
    """Pieces that are to go and are not in the lines were moved elsewhere since, and go from there."""
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


def _as_before(changed: ChangedLine, now: Line | None) -> Line | None:
    """The line before the write, with what was added or removed since."""
    before, since = changed.before, (now.quantity if now else 0) - changed.quantity_after
    if before is None:
        return now.only_last(since) if now is not None and since > 0 else None
    if since <= 0:
        return before.first(before.quantity + since) if before.quantity + since > 0 else None
    more = before.more(now.last(since) if now is not None else ())
    return more if more.quantity <= MAX_QUANTITY else more.first(MAX_QUANTITY)


def _fitting(lines: Lines) -> Lines:
    if len(lines) > MAX_LINES:
        *_, last = lines
        raise CartFull(last, MAX_LINES)
    return in_order(lines.values())
