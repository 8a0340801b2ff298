"""What differs between two versions of a cart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cart_service.domain.lines import Line, Lines

if TYPE_CHECKING:
    from cart_service.domain.cart import Cart


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
    for id, then, now in _changed(before, after):
        quantity_then, quantity_now = (line.quantity if line else 0 for line in (then, now))
        if quantity_then != quantity_now:
            yield Difference(id, quantity_then, quantity_now)


def _changed(before: Lines, after: Lines) -> Iterator[tuple[str, Line | None, Line | None]]:
    """The lines that are not the very same. A write leaves most of them as they are, so they are looked at
    where it costs least."""
    changed = [(id, line, after.get(id)) for id, line in before.items() if after.get(id) is not line]
    yield from changed
    staying = len(before) - sum(now is None for _, _, now in changed)
    if len(after) > staying:
        yield from ((id, None, line) for id, line in after.items() if id not in before)


Value = str | int | None
Found = Mapping[str, Any]
"""What a write found where it changed a cart, as JSON: of each line its quantity, or a list of its quantity,
price and time of adding where more than the quantity was changed; and the promo code. So an add, the most
frequent of all, leaves few bytes."""

_SAVED, _PROMO_CODE = "saved ", "promo code"  # no product's id has a space


class Differing(StrEnum):
    """What can differ. All but the promo code is of a product, in the lines or in those saved for later."""

    QUANTITY = "quantity"
    UNIT_PRICE_WHEN_ADDED = "unit_price_when_added"
    ADDED_AT = "added_at"
    SAVED_QUANTITY = "saved_quantity"
    SAVED_UNIT_PRICE_WHEN_ADDED = "saved_unit_price_when_added"
    SAVED_ADDED_AT = "saved_added_at"
    PROMO_CODE = "promo_code"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field at two versions of the cart. A quantity is 0 where there is no line."""

    product_id: str | None
    field: Differing
    then: Value
    now: Value


def found_by(before: Cart, after: Cart) -> Found:
    """What a write that made `after` found in `before`; nothing where they look the same."""
    found = _found("", before.lines, after.lines)
    if before.saved is not after.saved:
        found |= _found(_SAVED, before.saved, after.saved)
    if before.promo_code != after.promo_code:
        found[_PROMO_CODE] = before.promo_code
    return found


def _found(place: str, before: Lines, after: Lines) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if before is after:
        return found
    for id, then, now in _changed(before, after):
        if then is None:
            found[place + id] = 0
        elif now is None or _terms(now) != _terms(then):
            found[place + id] = [then.quantity, then.unit_price_when_added, then.added_at]
        elif now.quantity != then.quantity:
            found[place + id] = then.quantity
    return found


def _terms(line: Line) -> tuple[int, str, str | None]:
    return line.unit_price_when_added, line.added_at, line.priced_at


def since(recent: Sequence[Found], cart: Cart) -> Iterator[FieldDifference]:
    """What the writes in `recent`, the oldest first, have changed in all."""
    then: dict[str, Any] = {}
    for found in reversed(recent):
        then |= {mark: _before(then.get(mark), value) for mark, value in found.items()}
    for mark, value in then.items():
        if mark == _PROMO_CODE:
            if value != cart.promo_code:
                yield FieldDifference(None, Differing.PROMO_CODE, value, cart.promo_code)
            continue
        saved, id = mark.startswith(_SAVED), mark.removeprefix(_SAVED)
        yield from _of_line(
            id, value, (cart.saved if saved else cart.lines).get(id), "saved_" if saved else ""
        )


def _before(later: Any, value: Any) -> Any:
    """What one write found, with what only a later one has noted."""
    is_quantity = isinstance(value, int) and value
    return [value, *later[1:]] if isinstance(later, list) and is_quantity else value


def _of_line(id: str, value: Any, present: Line | None, place: str) -> Iterator[FieldDifference]:
    quantity, *terms = value if isinstance(value, list) else [value]
    pairs: list[tuple[Differing, Value, Value]] = [
        (Differing(place + Differing.QUANTITY), quantity, present.quantity if present else 0)
    ]
    if present and quantity and terms:
        fields = Differing.UNIT_PRICE_WHEN_ADDED, Differing.ADDED_AT
        now = present.unit_price_when_added, present.added_at
        pairs += [(Differing(place + field), *pair) for field, *pair in zip(fields, terms, now, strict=True)]
    return (FieldDifference(id, field, then, now) for field, then, now in pairs if then != now)
