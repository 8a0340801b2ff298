"""The product and its rules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from shared.errors import Conflict, FieldError, InvalidInput, NotFound, PreconditionFailed, Unavailable

Attribute = str | int | float | bool
MAX_ATTRIBUTES = 50


class ProductStatus(StrEnum):
    """Only `active` products are on sale and public. A `deleted` product keeps its version as a tombstone."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


class ProductNotFound(NotFound):
    code, title = "product-not-found", "Product not found"
    detail = "There is no such product on sale. Search for it: its id may have changed."


class SkuTaken(Conflict):
    code, title = "sku-taken", "SKU taken"

    def __init__(self, product: Product) -> None:
        super().__init__(
            f"Product {product.id} already has this SKU. Change that product, or choose another SKU.",
            errors=[FieldError("/sku", "is taken")],
            extra={"product_id": product.id},
        )


class CatalogueFull(Unavailable):
    code = "catalogue-full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The shop already has {limit} products, deleted ones included (PRODUCTS_LIMIT). "
            "Existing products can still be changed.",
            retry_after=3600,
        )


class ProductChanged(PreconditionFailed):
    code, title = "product-changed", "Product changed"

    def __init__(self, product: Product) -> None:
        super().__init__(
            "The product has another version than If-Match. Read it again, then decide about the change.",
            extra={"current_version": product.version},
        )


@dataclass(frozen=True, slots=True)
class ProductDetails:
    """The values that editors set. `price` is in minor units of `currency`."""

    name: str
    price: int
    currency: str
    description: str = ""
    brand: str = ""
    categories: tuple[str, ...] = ()
    image_url: str | None = None
    stock: int = 0
    status: ProductStatus = ProductStatus.ACTIVE
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def is_same_as(self, other: ProductDetails) -> bool:
        """Equality that distinguishes `1`, `1.0` and `true`, as JSON does."""
        return self == other and _types(self.attributes) == _types(other.attributes)

    def merged(self, changes: Mapping[str, Any]) -> ProductDetails:
        """The details after a JSON merge patch (RFC 7396). Attributes are merged, and null removes one or all
        of them. Raises `InvalidInput` for too many attributes."""
        if "attributes" not in changes:
            return replace(self, **changes)
        change = changes["attributes"]
        merged = {} if change is None else {**self.attributes, **change}
        attributes = {name: value for name, value in merged.items() if value is not None}
        if len(attributes) > MAX_ATTRIBUTES:
            raise InvalidInput.at(
                "/attributes", f"would be {len(attributes)}, and {MAX_ATTRIBUTES} is the most"
            )
        return replace(self, **{**changes, "attributes": attributes})


def product_id_of(sku: str) -> str:
    """The id of a SKU never changes, so creating a document makes SKUs unique. Case is ignored."""
    return "p" + hashlib.sha256(sku.upper().encode()).hexdigest()[:31]


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A requested product: its SKU and its details."""

    sku: str
    details: ProductDetails

    @property
    def id(self) -> str:
        return product_id_of(self.sku)

    def sold_in(self, currency: str) -> Self:
        """The draft itself. Raises `InvalidInput` unless its price is in the shop's one currency."""
        if self.details.currency != currency:
            raise InvalidInput.at("/currency", f"the shop sells in {currency} only")
        return self


@dataclass(frozen=True, slots=True)
class Product:
    """A product at one version. Versions start at 1, increase by 1 with each change, and never restart."""

    id: str
    sku: str
    details: ProductDetails
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def from_draft(cls, draft: ProductDraft, now: datetime, *, tombstone: Product | None = None) -> Product:
        """A new product. Its version continues that of a deleted product with the same SKU."""
        version = tombstone.version + 1 if tombstone else 1
        return cls(draft.id, draft.sku, draft.details, now, now, version)

    @property
    def deleted(self) -> bool:
        return self.details.status is ProductStatus.DELETED

    def is_shown(self, *, hidden: bool) -> bool:
        """Whether a read shows it. A `hidden` read also shows drafts and archived products."""
        return self.details.status is ProductStatus.ACTIVE or (hidden and not self.deleted)

    def revised(self, details: ProductDetails, now: datetime) -> Product:
        """The next version, or this object if nothing differs."""
        if details.is_same_as(self.details):
            return self
        return replace(self, details=details, updated_at=now, version=self.version + 1)

    def removed(self, now: datetime) -> Product:
        """The tombstone."""
        return self.revised(replace(self.details, status=ProductStatus.DELETED), now)

    def past(self, version: int, now: datetime) -> Product:
        """The same product at a version after one that others have seen. A restored store may be behind, and
        a published version must never mean something else."""
        return replace(self, version=max(self.version, version) + 1, updated_at=now)

    def entry(self) -> dict[str, Any]:
        """The public values: the entry in the bucket `products`, and the data of every event."""
        details = self.details
        return {
            "id": self.id,
            "version": self.version,
            "name": details.name,
            "image_url": details.image_url,
            "price": details.price,
            "currency": details.currency,
            "stock": details.stock,
            "status": details.status.value,
            "categories": list(details.categories),
        }


def _types(attributes: Mapping[str, Attribute]) -> dict[str, type]:
    return {name: type(value) for name, value in attributes.items()}
