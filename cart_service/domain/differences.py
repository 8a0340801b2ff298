"""What differs between two versions of a cart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cart_service.domain.lines import Lines, quantity_in


@dataclass(frozen=True, slots=True)
class Difference:
    """A line's quantity at two versions of the cart; 0 where it is not in the cart."""

    product_id: str
    quantity_then: int
    quantity_now: int


def differences(before: Lines, after: Lines) -> tuple[Difference, ...]:
    """The lines whose quantity is not the same in both."""
    return () if before is after else tuple(_differences(before, after))


def _differences(before: Lines, after: Lines) -> Iterator[Difference]:
    for id, line in before.items():
        present = after.get(id)
        if present is not line and (quantity := present.quantity if present else 0) != line.quantity:
            yield Difference(id, line.quantity, quantity)
    for id, line in after.items():
        if id not in before:
            yield Difference(id, 0, line.quantity)


def since(recent: Sequence[Mapping[str, int]], lines: Lines) -> tuple[Difference, ...]:
    """What the writes in `recent` changed; each says the quantities it found, the oldest write first."""
    then: dict[str, int] = {}
    for found in reversed(recent):
        then.update(found)
    pairs = ((id, quantity, quantity_in(lines, id)) for id, quantity in then.items())
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])
