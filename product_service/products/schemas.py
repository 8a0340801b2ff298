"""Bodies of requests and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from product_service.products.fields import (
    Attributes,
    AttributesPatch,
    Brand,
    Categories,
    Currency,
    Description,
    EditableStatus,
    Name,
    OptionalImageUrl,
    Price,
    Sku,
    Stock,
)
from product_service.products.model import Product, ProductDetails, ProductDraft, ProductStatus
from shared.clock import to_rfc3339
from shared.errors import FieldError, InvalidInput
from shared.http.models import WHOLE, Id, Moment, Page, PublicModel, StrictModel, Timestamp, Version

_AS_IT_IS = Field(description="Unchanged, or left out.", json_schema_extra={"readOnly": True})
_READ_ONLY = ("id", "sku", "created_at", "updated_at", "version")


class _ProductFields(StrictModel):
    """The fields of every product."""

    name: Name
    description: Description = ""
    brand: Brand = ""
    categories: Categories = Field(default_factory=list)
    image_url: OptionalImageUrl = None
    price: Price
    currency: Currency | None = Field(None, description="Default: the currency of the shop.")
    stock: Stock = 0
    status: EditableStatus = "active"
    attributes: Attributes = Field(default_factory=dict)

    def details(self, shop_currency: str) -> ProductDetails:
        return ProductDetails(
            name=self.name,
            price=self.price,
            currency=self.currency or shop_currency,
            description=self.description,
            brand=self.brand,
            categories=tuple(self.categories),
            image_url=self.image_url,
            stock=self.stock,
            status=ProductStatus(self.status),
            attributes=self.attributes,
        )


class ProductUpdate(_ProductFields):
    """A product without its SKU. A field that is left out gets its default.

    The other fields of a read cannot be changed. They may be sent back unchanged, or left out.
    """

    id: Annotated[Id | None, _AS_IT_IS] = None
    sku: Annotated[Sku | None, _AS_IT_IS] = None
    created_at: Annotated[Moment | None, _AS_IT_IS] = None
    updated_at: Annotated[Moment | None, _AS_IT_IS] = None
    version: Annotated[Annotated[Version, WHOLE] | None, _AS_IT_IS] = None

    def check_read_only(self, product: Product) -> None:
        """Raises `InvalidInput` if a field that cannot be changed differs."""
        present = public(product)
        given = {name: getattr(self, name) for name in _READ_ONLY}
        sent = {name: to_rfc3339(it) if isinstance(it, datetime) else it for name, it in given.items()}
        errors = [
            FieldError(f"/{name}", "Cannot be changed. Send it unchanged, or leave it out.")
            for name, value in sent.items()
            if value not in (None, present[name])
        ]
        if errors:
            raise InvalidInput("Fields that cannot be changed have other values.", errors=errors)


class ProductCreate(_ProductFields):
    """A new product, or a line of an import."""

    sku: Sku

    def draft(self, shop_currency: str) -> ProductDraft:
        return ProductDraft(self.sku, self.details(shop_currency))


_DEFAULTS: dict[str, Any] = {
    name: field.get_default(call_default_factory=True)
    for name, field in _ProductFields.model_fields.items()
    if not field.is_required() and name != "attributes"
}


class ProductPatch(StrictModel):
    """A JSON merge patch (RFC 7396): a field that is left out stays, lists are replaced whole, and null sets
    a field to its default. The name and the price have no default."""

    # The defaults only mean "left out"; a factory keeps them out of the documentation.
    name: Name = Field(default_factory=str)
    description: Description | None = Field(default_factory=str)
    brand: Brand | None = Field(default_factory=str)
    categories: Categories | None = Field(default_factory=list)
    image_url: OptionalImageUrl = None
    price: Price = Field(default_factory=int)
    currency: Currency | None = Field(default_factory=str)
    stock: Stock | None = Field(default_factory=int)
    status: EditableStatus | None = Field(default_factory=lambda: "active")
    attributes: AttributesPatch | None = Field(default_factory=dict)

    def changes(self, shop_currency: str) -> dict[str, Any]:
        """The changes for `ProductDetails.merged`."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        defaults = {**_DEFAULTS, "currency": shop_currency}
        sent |= {name: default for name, default in defaults.items() if sent.get(name, "") is None}
        if "categories" in sent:
            sent["categories"] = tuple(sent["categories"])
        if "status" in sent:
            sent["status"] = ProductStatus(sent["status"])
        return sent


class ProductPublic(PublicModel):
    """A product at one version. `version` is also its ETag."""

    id: Annotated[
        Id,
        Field(
            description="Made from the SKU; it never changes.", examples=["pe23d91941206b368157f396c39669ce"]
        ),
    ]
    sku: Sku
    name: Name
    description: Description
    brand: Brand
    categories: Categories
    image_url: OptionalImageUrl
    price: Price
    currency: Currency
    stock: Stock
    status: EditableStatus
    attributes: Attributes
    created_at: Annotated[Timestamp, Field(description="When the product was added.")]
    updated_at: Annotated[Timestamp, Field(description="When the product was changed last.")]
    version: Annotated[Version, Field(description="Increases by one with each change.")]


class ProductPage(Page[ProductPublic]):
    """One page of products."""


def public(product: Product) -> dict[str, Any]:
    """The body of `ProductPublic`, ready to be encoded."""
    details = product.details
    return {
        "id": product.id,
        "sku": product.sku,
        "name": details.name,
        "description": details.description,
        "brand": details.brand,
        "categories": details.categories,
        "image_url": details.image_url,
        "price": details.price,
        "currency": details.currency,
        "stock": details.stock,
        "status": details.status,
        "attributes": details.attributes,
        "created_at": to_rfc3339(product.created_at),
        "updated_at": to_rfc3339(product.updated_at),
        "version": product.version,
    }
