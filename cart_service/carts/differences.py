"""What differs between two versions of a cart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from cart_service.carts.lines import Line, Lines, UnitPrice
from cart_service.carts.undo import Undo


class CartContents(Protocol):
    """What of a cart is compared."""

    @property
    def lines(self) -> Lines: ...
    @property
    def saved(self) -> Lines: ...
    @property
    def promo_code(self) -> str | None: ...
    @property
    def undo(self) -> Undo | None: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """A line's quantity at two versions of the cart; 0 if it is not in the cart."""

    product_id: str
    quantity_then: int
    quantity_now: int


def differences(before: Lines, after: Lines) -> tuple[Difference, ...]:
    """The lines whose quantity differs."""
    return () if before is after else tuple(_differences(before, after))


def _differences(before: Lines, after: Lines) -> Iterator[Difference]:
    for id, former, current in _changed(before, after):
        quantity_then, quantity_now = (line.quantity if line else 0 for line in (former, current))
        if quantity_then != quantity_now:
            yield Difference(id, quantity_then, quantity_now)


def _changed(before: Lines, after: Lines) -> Iterator[tuple[str, Line | None, Line | None]]:
    """The lines that are not the same object. A write keeps most of them, so this compares identities
    first."""
    changed = [(id, line, after.get(id)) for id, line in before.items() if after.get(id) is not line]
    yield from changed
    staying = len(before) - sum(current is None for _, _, current in changed)
    if len(after) > staying:
        yield from ((id, None, line) for id, line in after.items() if id not in before)


Value = str | int | tuple[UnitPrice, ...] | None
WriteDifferences = Mapping[str, Any]
"""The former values of what a write changed, as JSON: of each line its quantity or, if more than the quantity
changed, a list of its quantity, price, time of adding and (if there are several) the prices of its pieces;
the promo code; and what could be undone. So an add, the most frequent write, leaves few bytes."""

_SAVED, _PROMO_CODE, _UNDO = "saved ", "promo code", "undo operation"  # no product's id has a space


class Differing(StrEnum):
    """What can differ: the promo code, or a value of a product's line, in the cart or saved for later."""

    QUANTITY = "quantity"
    UNIT_PRICE_WHEN_ADDED = "unit_price_when_added"
    ADDED_AT = "added_at"
    PRICES = "prices"
    SAVED_QUANTITY = "saved_quantity"
    SAVED_UNIT_PRICE_WHEN_ADDED = "saved_unit_price_when_added"
    SAVED_ADDED_AT = "saved_added_at"
    SAVED_PRICES = "saved_prices"
    PROMO_CODE = "promo_code"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field at two versions of the cart. A quantity is 0 if there is no line. `prices` are None if all
    pieces were added at the same one."""

    product_id: str | None
    field: Differing
    then: Value
    now: Value


def differences_of_write(before: CartContents, after: CartContents) -> WriteDifferences:
    """The former values of what a write changed to make `after` of `before`; empty if they look the same."""
    found = _found("", before.lines, after.lines)
    if before.saved is not after.saved:
        found |= _found(_SAVED, before.saved, after.saved)
    if before.promo_code != after.promo_code:
        found[_PROMO_CODE] = before.promo_code
    if before.undo is not after.undo and _shown(before.undo) != _shown(after.undo):
        found[_UNDO] = before.undo.operation.value if before.undo else None
    return found


def _shown(undo: Undo | None) -> tuple[str, str] | None:
    return (undo.operation, undo.at) if undo else None


def _found(place: str, before: Lines, after: Lines) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if before is after:
        return found
    for id, former, current in _changed(before, after):
        if former is None:
            found[place + id] = 0
        elif current is None or _terms(current) != _terms(former):
            found[place + id] = _all_of(former)
        elif current.quantity != former.quantity:
            found[place + id] = former.quantity
    return found


def _all_of(line: Line) -> list[Any]:
    known: list[Any] = [line.quantity, line.unit_price_when_added, line.added_at]
    return [*known, [[it.quantity, it.unit_price] for it in line.layers]] if line.layers else known


def _terms(line: Line) -> tuple[object, ...]:
    """What a line shows besides its quantity. The prices of its pieces are part of it."""
    return line.unit_price_when_added, line.added_at, line.place, line.layers


def field_differences(recent: Sequence[WriteDifferences], cart: CartContents) -> Iterator[FieldDifference]:
    """What the writes in `recent`, the oldest first, changed in all."""
    former: dict[str, Any] = {}
    for found in reversed(recent):
        former |= {mark: _before(former.get(mark), value) for mark, value in found.items()}
    for mark, value in former.items():
        if mark == _UNDO:  # it made a version, but clients need not know what could be undone then
            continue
        if mark == _PROMO_CODE:
            if value != cart.promo_code:
                yield FieldDifference(None, Differing.PROMO_CODE, value, cart.promo_code)
            continue
        saved, id = mark.startswith(_SAVED), mark.removeprefix(_SAVED)
        yield from _of_line(
            id, value, (cart.saved if saved else cart.lines).get(id), "saved_" if saved else ""
        )


def _before(later: Any, value: Any) -> Any:
    """The former values of one write, completed by those that only a later one noted."""
    is_quantity = isinstance(value, int) and value
    return [value, *later[1:]] if isinstance(later, list) and is_quantity else value


def _of_line(id: str, value: Any, present: Line | None, place: str) -> Iterator[FieldDifference]:
    former = value if isinstance(value, list) else [value]
    current = _all_of(present) if present else [0]
    yield from _differing(id, place, Differing.QUANTITY, former[0], current[0])
    if len(former) > 1 and len(current) > 1:
        yield from _differing(id, place, Differing.UNIT_PRICE_WHEN_ADDED, former[1], current[1])
        yield from _differing(id, place, Differing.ADDED_AT, former[2], current[2])
        yield from _differing(id, place, Differing.PRICES, _prices(former), _prices(current))


def _differing(id: str, place: str, field: Differing, then: Value, now: Value) -> Iterator[FieldDifference]:
    if then != now:
        yield FieldDifference(id, Differing(place + field), then, now)


def _prices(known: Sequence[Any]) -> Value:
    if len(known) == 3:
        return None
    return tuple(UnitPrice(quantity, unit_price) for quantity, unit_price in known[3])
