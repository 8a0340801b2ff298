"""Lines of a cart, the prices of their pieces, and their limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cart_service.carts.errors import CartFull, LineLimitReached
from cart_service.limits import MAX_LINES, MAX_QUANTITY

MAX_PRICES = 16
"""Different prices that the pieces of one line can have."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of each of so many pieces."""

    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of a line that were added at the same price. `since` is when the last of them was added, or the
    price was acknowledged. The shop's hold of the price begins then."""

    quantity: int
    unit_price: int
    since: str


@dataclass(frozen=True, slots=True)
class Line:
    """`added_at` is the RFC 3339 time of the first add. `unit_price_when_added` is the price of the pieces
    that were added first, in minor units.

    `priced_at` is the `since` of those pieces, None if that is `added_at`. `layers` are all pieces, those
    added first in front; empty if all have the same price. `place` orders lines that were added at the same
    moment; two lines that differ only in it are equal. `priced_as` belongs to `priced_lines` alone.
    """

    product_id: str
    quantity: int
    unit_price_when_added: int
    added_at: str
    priced_at: str | None = None
    layers: tuple[Pieces, ...] = ()
    place: int = field(default=0, compare=False)
    priced_as: object = field(default=None, init=False, repr=False, compare=False)

    @property
    def pieces(self) -> tuple[Pieces, ...]:
        """All pieces by price, those added first in front."""
        since = self.priced_at or self.added_at
        return self.layers or (Pieces(self.quantity, self.unit_price_when_added, since),)

    def more(self, added: Iterable[Pieces]) -> Line:
        """The line with these pieces added last."""
        line = self
        for pieces in added:
            line = line._plus(pieces)
        return line

    def first(self, quantity: int) -> Line:
        """The line with only the pieces added first, so that adding and taking away leaves it as it was.
        `quantity` is at least 1 and at most the line's."""
        return self if quantity == self.quantity else self._of(_first(self.pieces, quantity))

    def last(self, quantity: int) -> tuple[Pieces, ...]:
        """The pieces that were added last, at most `quantity`."""
        return _first(self.pieces[::-1], min(quantity, self.quantity))[::-1]

    def only_last(self, quantity: int) -> Line:
        """The line with only the pieces added last."""
        return self._of(self.last(quantity))

    def acknowledged(self, unit_price: int, at: str) -> Line:
        """The line with every piece at this price from now on."""
        return self._of((Pieces(self.quantity, unit_price, at),))

    def as_old_as(self, other: Line) -> Line:
        """The line at the other's place in the order of adding, with its own prices."""
        since = self.pieces[0].since
        priced_at = None if since == other.added_at else since
        return replace(self, added_at=other.added_at, place=other.place, priced_at=priced_at)

    def _plus(self, pieces: Pieces) -> Line:
        if not self.layers and pieces.unit_price == self.unit_price_when_added:
            since = max(self.priced_at or self.added_at, pieces.since)
            priced_at = None if since == self.added_at else since
            return replace(self, quantity=self.quantity + pieces.quantity, priced_at=priced_at)
        return self._of(_bounded((*self.pieces, pieces)))

    def _of(self, pieces: tuple[Pieces, ...]) -> Line:
        first = pieces[0]
        return replace(
            self,
            quantity=sum(it.quantity for it in pieces),
            unit_price_when_added=first.unit_price,
            priced_at=None if first.since == self.added_at else first.since,
            layers=pieces if len(pieces) > 1 else (),
        )


Lines = dict[str, Line]
"""By product id, in the order of adding. No code changes one."""


def in_order(lines: Iterable[Line]) -> Lines:
    """The lines in the order of adding."""
    return {line.product_id: line for line in sorted(lines, key=_age)}


def quantity_in(lines: Lines, product_id: str) -> int:
    """0 if the product is not among them."""
    line = lines.get(product_id)
    return line.quantity if line else 0


def with_quantity(lines: Lines, product_id: str, quantity: int, unit_price: int, at: str) -> Lines:
    """The lines with `quantity` pieces of the product. Present pieces keep their prices, further ones cost
    `unit_price`. 0 removes the line. Raises `LineLimitReached`, `CartFull`."""
    present = lines.get(product_id)
    more = quantity - (present.quantity if present else 0)
    if more == 0:
        return lines
    if quantity == 0:
        return without(lines, product_id)
    if present is None:
        return with_line(lines, Line(product_id, quantity, unit_price, at, place=_next_place(lines, at)))
    if more < 0:
        return {**lines, product_id: present.first(quantity)}
    return with_line(lines, present.more([Pieces(more, unit_price, at)]))


def with_line(lines: Lines, line: Line) -> Lines:
    """The lines with this one, instead of the product's present one. Raises `LineLimitReached`,
    `CartFull`."""
    present = lines.get(line.product_id)
    if line.quantity > MAX_QUANTITY:
        raise LineLimitReached(line.product_id, present.quantity if present else 0, MAX_QUANTITY)
    if present is None and len(lines) >= MAX_LINES:
        raise CartFull(line.product_id, MAX_LINES)
    after = {**lines, line.product_id: line}
    return after if _is_in_place(lines, present, line) else in_order(after.values())


def without(lines: Lines, product_id: str) -> Lines:
    """The lines without that one."""
    if product_id not in lines:
        return lines
    return {id: line for id, line in lines.items() if id != product_id}


def together(present: Line | None, other: Line) -> Line:
    """Both lines of a product as one: as old as the older one, with the other's pieces added last."""
    if present is None:
        return other
    line = present.more(other.pieces)
    return line if _age(present) <= _age(other) else line.as_old_as(other)


def _age(line: Line) -> tuple[str, int]:
    return line.added_at, line.place


def _is_in_place(lines: Lines, present: Line | None, line: Line) -> bool:
    if present is not None:
        return _age(present) == _age(line)
    return not lines or _age(lines[next(reversed(lines))]) <= _age(line)


def _next_place(lines: Lines, at: str) -> int:
    """Behind lines that were added at the same moment."""
    if not lines:
        return 0
    newest = lines[next(reversed(lines))]
    return newest.place + 1 if newest.added_at == at else 0


def _first(pieces: Iterable[Pieces], quantity: int) -> tuple[Pieces, ...]:
    taken: list[Pieces] = []
    for it in pieces:
        if quantity <= 0:
            break
        taken.append(it if it.quantity <= quantity else replace(it, quantity=quantity))
        quantity -= it.quantity
    return tuple(taken)


def _bounded(pieces: tuple[Pieces, ...]) -> tuple[Pieces, ...]:
    """Joins neighbours of one price. Beyond `MAX_PRICES` it joins all pieces of one price; if all prices
    differ, the two oldest become one, at their average rounded down."""
    joined: list[Pieces] = []
    for it in pieces:
        if joined and joined[-1].unit_price == it.unit_price:
            joined[-1] = _joined(joined[-1], it)
        else:
            joined.append(it)
    while len(joined) > MAX_PRICES:
        _shorten(joined)
    return tuple(joined)


def _shorten(pieces: list[Pieces]) -> None:
    seen: dict[int, int] = {}
    for index, it in enumerate(pieces):
        if it.unit_price in seen:
            first = seen[it.unit_price]
            pieces[first] = _joined(pieces[first], pieces.pop(index))
            return
        seen[it.unit_price] = index
    pieces[0] = _joined(pieces[0], pieces.pop(1))


def _joined(one: Pieces, other: Pieces) -> Pieces:
    quantity = one.quantity + other.quantity
    value = one.quantity * one.unit_price + other.quantity * other.unit_price
    return Pieces(quantity, value // quantity, max(one.since, other.since))
