"""What every change of a product has in common."""

from __future__ import annotations

from typing import TypeVar

from product_service.products.model import Product, facts
from shared.aggregates.change import Change
from shared.events.envelope import Event

R = TypeVar("R")

DELIVERY_SECONDS = 1.0
"""How long an answer waits for the bucket entry, so that a cart can take the product at once."""


def change_to(before: Product | None, after: Product, result: R) -> Change[Product, R]:
    """Writes `after` with its events, or nothing when it is the very same product."""
    if after is before:
        return Change(None, result)
    entry = after.entry()
    events = [
        Event.new(fact, after.id, after.version, after.updated_at, entry) for fact in facts(before, after)
    ]
    return Change(after, result, events)
