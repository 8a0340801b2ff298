"""Lines of a cart, and the limits they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cart_service.domain.errors import CartFull, LineLimitReached

MAX_QUANTITY = 999
MAX_LINES = 500


@dataclass(frozen=True, slots=True)
class Line:
    """`unit_price_when_added` is in minor units, `added_at` the RFC 3339 time of the first add.

    `priced_at` is when that price was accepted anew; None while it is the one of the first add. `priced_as`
    belongs to `priced_lines` alone: what the line was priced as last.
    """

    product_id: str
    quantity: int
    unit_price_when_added: int
    added_at: str
    priced_at: str | None = None
    priced_as: object = field(default=None, init=False, repr=False, compare=False)


Lines = Mapping[str, Line]
"""By product id, in the order of adding."""


def quantity_in(lines: Lines, product_id: str) -> int:
    """0 when the product is not among them."""
    line = lines.get(product_id)
    return line.quantity if line else 0


def with_quantity(lines: Lines, line: Line, quantity: int) -> Lines:
    """The lines with that many pieces of the line's product. A line that is there keeps its price and place;
    0 takes it out. Raises `LineLimitReached`, `CartFull`."""
    present = lines.get(line.product_id)
    if quantity == (present.quantity if present else 0):
        return lines
    if quantity == 0:
        return without(lines, line.product_id)
    if quantity > MAX_QUANTITY:
        raise LineLimitReached(line.product_id, quantity_in(lines, line.product_id), MAX_QUANTITY)
    if present is None and len(lines) >= MAX_LINES:
        raise CartFull(line.product_id, MAX_LINES)
    return {**lines, line.product_id: replace(present or line, quantity=quantity)}


def without(lines: Lines, product_id: str) -> Lines:
    """The lines less that one, if it is there."""
    if product_id not in lines:
        return lines
    return {id: line for id, line in lines.items() if id != product_id}
