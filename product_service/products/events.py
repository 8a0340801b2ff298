"""The events of products, and which of them a change is."""

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
"""How long an answer waits for the bucket entry, so that a cart can take the product at once."""


@dataclass(frozen=True, slots=True)
class ProductEvent(DomainEvent):
    """Each event says all that others may know of the product: its entry in the bucket `products`."""

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
    """A new product, or a deleted one is back."""

    type = "product.created"


@dataclass(frozen=True, slots=True)
class ProductUpdated(ProductEvent):
    """Anything else than the price and archiving changed."""

    type = "product.updated"


@dataclass(frozen=True, slots=True)
class ProductPriceChanged(ProductEvent):
    """The product has another price."""

    type = "product.price_changed"


@dataclass(frozen=True, slots=True)
class ProductArchived(ProductEvent):
    """The product is not on sale any more."""

    type = "product.archived"


@dataclass(frozen=True, slots=True)
class ProductDeleted(ProductEvent):
    """The product is gone; its entry stays, with the status `deleted`."""

    type = "product.deleted"


def facts(before: Product | None, after: Product) -> list[type[ProductEvent]]:
    """What happened between two versions. One change can be several facts."""
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
    """Writes `after` with its events, or nothing when it is the very same product."""
    if after is before:
        return Change(None, result)
    events = [fact.of(after).to_event(after.updated_at) for fact in facts(before, after)]
    return Change(after, result, events)
