"""The products of the catalogue, with the values that carts need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cart_service.catalogue.errors import ProductNotForSale, UnknownProduct


class CatalogueStatus(StrEnum):
    """`MISSING`: the catalogue has no such product."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class CatalogueProduct:
    """`price` is in minor units of the shop's currency. `revision` is that of the entry in the bucket."""

    id: str
    name: str
    image_url: str | None
    price: int
    stock: int
    status: CatalogueStatus
    revision: int
    categories: tuple[str, ...] = ()

    @classmethod
    def missing(cls, id: str, revision: int = 0) -> CatalogueProduct:
        """Represents a product that the catalogue does not have."""
        return cls(id, id, None, 0, 0, CatalogueStatus.MISSING, revision)

    @classmethod
    def from_entry(cls, id: str, body: Mapping[str, Any], revision: int) -> CatalogueProduct:
        """The product of an entry of the `products` bucket. Raises KeyError, TypeError or ValueError if the
        entry lacks a value or has a wrong one."""
        return cls(
            id=id,
            name=body["name"],
            image_url=body["image_url"],
            price=body["price"],
            stock=body["stock"],
            status=CatalogueStatus(body["status"]),
            revision=revision,
            categories=tuple(str(category) for category in body.get("categories") or ()),
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, which take most of its memory."""
        return (self.id, self.name, self.image_url or "", *self.categories)

    @property
    def text_length(self) -> int:
        """The characters that a cart shows of it."""
        return len(self.name) + len(self.image_url or "")

    @property
    def for_sale(self) -> bool:
        return self.status is CatalogueStatus.ACTIVE

    def require_for_sale(self) -> None:
        """Raises `ProductNotForSale` if it is archived, and `UnknownProduct` if customers cannot see it.

        The stock is not checked, because it changes until the order, which checks it. Until then a line with
        more pieces than the stock has a notice (`short`).
        """
        if self.status is CatalogueStatus.ARCHIVED:
            raise ProductNotForSale(self.id)
        if not self.for_sale:
            raise UnknownProduct(self.id)
