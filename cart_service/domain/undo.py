"""Taking the last clear, removal or merge back, without taking back what happened since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cart_service.domain.errors import NothingToUndo
from cart_service.domain.lines import MAX_QUANTITY, Line, Lines, quantity_in, with_quantity
from shared.clock import from_rfc3339

UNDO_WINDOW = timedelta(hours=24)


class Undoable(StrEnum):
    """What can be undone."""

    CLEAR = "clear"
    REMOVE = "remove"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes an operation back. `lines` and `saved` hold a line for each that it changed, with the number
    of pieces to give back as its quantity; it is negative for what a merge added."""

    operation: Undoable
    at: str
    lines: tuple[Line, ...] = ()
    saved: tuple[Line, ...] = ()
    merge_id: str | None = None

    @property
    def until(self) -> datetime:
        """The moment from which it cannot be taken back."""
        return from_rfc3339(self.at) + UNDO_WINDOW

    def require_open(self, now: datetime) -> None:
        """Raises `NothingToUndo` when it is too long ago."""
        if now >= self.until:
            raise NothingToUndo("The last operation that could be undone is more than 24 hours ago.")


def give_back(lines: Lines, elsewhere: Lines, changed: Iterable[Line]) -> tuple[Lines, Lines]:
    """Both with the pieces given back: added to what is in the lines now, so that later changes stay. What is
    to be taken away and not there was moved elsewhere since, and is taken from there. Raises `CartFull`."""
    for line in changed:
        id = line.product_id
        quantity = quantity_in(lines, id) + line.quantity
        if quantity < 0:
            left = max(quantity_in(elsewhere, id) + quantity, 0)
            elsewhere = with_quantity(elsewhere, line, left)
        lines = with_quantity(lines, line, min(max(quantity, 0), MAX_QUANTITY))
    return lines, elsewhere


def pieces_to_give_back(before: Lines, after: Lines) -> tuple[Line, ...]:
    """For each line that is not the same in both: the line, with what `after` lacks of `before`."""
    ids = [*before, *(id for id in after if id not in before)]
    changes = ((before.get(id) or after[id], quantity_in(before, id) - quantity_in(after, id)) for id in ids)
    return tuple(replace(line, quantity=missing) for line, missing in changes if missing)


def gone(before: Lines, after: Lines) -> tuple[Line, ...]:
    """The lines that `after` has no more."""
    return () if before is after else tuple(line for id, line in before.items() if id not in after)
