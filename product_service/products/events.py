"""The events of products, and those of a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from product_service.products.model import Product, ProductStatus
from shared.aggregates.change import Change
from shared.events.domain_event import DomainEvent
from shared.events.envelope import Event

R = TypeVar("R")

DELIVERY_SECONDS = 1.0
"""How long an answer waits for the bucket entry, so that a cart can add the product at once."""


@dataclass(frozen=True, slots=True)
class ProductEvent(DomainEvent):
    """Each event has the entry of the product in the bucket `products` as its data."""

    entry: Mapping[str, Any]

    @classmethod
    def of(cls, product: Product) -> Self:
        return cls(product.id, product.version, product.entry())

    def data(self) -> dict[str, Any]:
        return dict(self.entry)

    @classmethod
    def from_event(cls, event: Event) -> Self:
        return cls(event.entity_id, event.version, event.data)


@dataclass(frozen=True, slots=True)
class ProductCreated(ProductEvent):
    """A product was added, or a deleted one was added again."""

    type = "product.created"


@dataclass(frozen=True, slots=True)
class ProductUpdated(ProductEvent):
    """The product changed in something else than its price and its archiving."""

    type = "product.updated"


@dataclass(frozen=True, slots=True)
class ProductPriceChanged(ProductEvent):
    """The price of the product changed."""

    type = "product.price_changed"


@dataclass(frozen=True, slots=True)
class ProductArchived(ProductEvent):
    """The product was archived, and is not on sale any more."""

    type = "product.archived"


@dataclass(frozen=True, slots=True)
class ProductDeleted(ProductEvent):
    """The product was deleted. Its entry stays, with the status `deleted`."""

    type = "product.deleted"


def events_between(before: Product | None, after: Product) -> list[type[ProductEvent]]:
    """The events between two versions. One change can have several."""
    if before is None or before.deleted:
        return [ProductCreated]
    if after.deleted:
        return [ProductDeleted]
    old, new = before.details, after.details
    happened: list[type[ProductEvent]] = []
    if new.price != old.price:
        happened.append(ProductPriceChanged)
        old = replace(old, price=new.price)
    if new.status is ProductStatus.ARCHIVED and old.status is not ProductStatus.ARCHIVED:
        happened.append(ProductArchived)
        old = replace(old, status=new.status)
    if not new.is_same_as(old):
        happened.append(ProductUpdated)
    return happened


def change_to(before: Product | None, after: Product, result: R) -> Change[Product, R]:
    """Writes `after` with its events, or nothing if it is the same object as `before`."""
    if after is before:
        return Change(None, result)
    events = [event.of(after).to_event(after.updated_at) for event in events_between(before, after)]
    return Change(after, result, events)
