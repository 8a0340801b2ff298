"""The cart: an immutable value. Each operation gives a new cart, or the very same one if nothing changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cart_service.domain.errors import CartFull, IdempotencyKeyReused, LineLimitReached

MAX_QUANTITY = 999
MAX_LINES = 500
REMEMBERED_KEYS = 64
REMEMBERED_WRITES = 20
"""Of how many last writes a cart can name the differences, and how many lines one of them may touch."""


@dataclass(frozen=True, slots=True)
class Line:
    """`unit_price_when_added` is in minor units, `added_at` the RFC 3339 time of the first add."""

    product_id: str
    quantity: int
    unit_price_when_added: int
    added_at: str


@dataclass(frozen=True, slots=True)
class UsedKey:
    """An idempotency key that was accepted, and the fingerprint of the request it came with."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A line's quantity at two versions of the cart; 0 where it is not in the cart."""

    product_id: str
    quantity_then: int
    quantity_now: int


@dataclass(frozen=True, slots=True)
class Cart:
    """`version` counts the writes that changed a line. `lines` keeps the order of adding.

    `used_keys` are the last accepted idempotency keys, oldest first. `recent` holds, for each of the last
    versions, the quantities its write found in the lines it changed: `recent[-1]` made `version`.
    """

    owner: str
    version: int = 0
    lines: Mapping[str, Line] = field(default_factory=dict)
    updated_at: str | None = None
    used_keys: tuple[UsedKey, ...] = ()
    recent: tuple[Mapping[str, int], ...] = ()

    def quantity_of(self, product_id: str) -> int:
        """0 when the product is not in the cart."""
        line = self.lines.get(product_id)
        return line.quantity if line else 0

    def add(self, product_id: str, quantity: int, unit_price: int, at: str) -> Cart:
        """Adds to the line, which keeps its first price and time. Raises `LineLimitReached`, `CartFull`."""
        return self.set(product_id, self.quantity_of(product_id) + quantity, unit_price, at)

    def set(self, product_id: str, quantity: int, unit_price: int, at: str) -> Cart:
        """Sets the line's quantity; 0 removes it. Raises `LineLimitReached`, `CartFull`."""
        line = self.lines.get(product_id)
        if quantity == (line.quantity if line else 0):
            return self
        if quantity == 0:
            return self.remove(product_id)
        if quantity > MAX_QUANTITY:
            raise LineLimitReached(product_id, self.quantity_of(product_id), MAX_QUANTITY)
        if line is None and len(self.lines) >= MAX_LINES:
            raise CartFull(product_id, MAX_LINES)
        line = replace(line, quantity=quantity) if line else Line(product_id, quantity, unit_price, at)
        return replace(self, lines={**self.lines, product_id: line})

    def remove(self, product_id: str) -> Cart:
        """Takes the line out, if it is there."""
        if product_id not in self.lines:
            return self
        return replace(self, lines={id: line for id, line in self.lines.items() if id != product_id})

    def clear(self) -> Cart:
        """Takes every line out."""
        return replace(self, lines={}) if self.lines else self

    def after(self, before: Cart, at: str) -> Cart:
        """This cart as the next version of `before`, or `before` when all their quantities are the same."""
        found = {difference.product_id: difference.quantity_then for difference in changes(before, self)}
        if not found:
            return before
        recent = (*before.recent, found)[-REMEMBERED_WRITES:] if len(found) <= REMEMBERED_WRITES else ()
        return replace(self, version=before.version + 1, updated_at=at, recent=recent)

    def has_used(self, key: str, fingerprint: str) -> bool:
        """Whether this request was accepted before. Raises `IdempotencyKeyReused` when another one was."""
        for used in self.used_keys:
            if used.key == key:
                if used.fingerprint != fingerprint:
                    raise IdempotencyKeyReused(
                        f"The Idempotency-Key {key!r} came with another request before. Use a fresh key."
                    )
                return True
        return False

    def with_key(self, key: str, fingerprint: str) -> Cart:
        """Remembers an accepted key, and forgets the oldest past `REMEMBERED_KEYS`."""
        return replace(self, used_keys=(*self.used_keys, UsedKey(key, fingerprint))[-REMEMBERED_KEYS:])

    def differences_since(self, version: int) -> tuple[Difference, ...] | None:
        """What differs between that version and this one; None when it is too long ago, or never was."""
        behind = self.version - version
        if not 0 <= behind <= len(self.recent):
            return None
        then: dict[str, int] = {}
        for found in reversed(self.recent[len(self.recent) - behind :]):
            then.update(found)
        pairs = ((id, quantity, self.quantity_of(id)) for id, quantity in then.items())
        return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def changes(before: Cart, after: Cart) -> tuple[Difference, ...]:
    """The lines whose quantity is not the same in both."""
    if before.lines is after.lines:
        return ()
    gone_or_changed = (
        Difference(id, line.quantity, after.quantity_of(id))
        for id, line in before.lines.items()
        if after.lines.get(id) is not line and after.quantity_of(id) != line.quantity
    )
    new = (Difference(id, 0, line.quantity) for id, line in after.lines.items() if id not in before.lines)
    return (*gone_or_changed, *new)
