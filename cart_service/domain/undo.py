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


def give_back(lines: Lines, changed: Iterable[Line]) -> Lines:
    """The lines with the pieces given back: added to what is there now, so that later changes stay. Raises
    `CartFull`."""
    for line in changed:
        quantity = quantity_in(lines, line.product_id) + line.quantity
        lines = with_quantity(lines, line, min(max(quantity, 0), MAX_QUANTITY))
    return lines


def pieces_to_give_back(before: Lines, after: Lines) -> tuple[Line, ...]:
    """For each line that is not the same in both: the line, with what `after` lacks of `before`."""
    ids = [*before, *(id for id in after if id not in before)]
    changes = ((before.get(id) or after[id], quantity_in(before, id) - quantity_in(after, id)) for id in ids)
    return tuple(replace(line, quantity=missing) for line, missing in changes if missing)


def gone(before: Lines, after: Lines, elsewhere: Lines) -> tuple[Line, ...]:
    """The lines that `after` has no more, and that were not only moved elsewhere."""
    return tuple(line for id, line in before.items() if id not in after and id not in elsewhere)
