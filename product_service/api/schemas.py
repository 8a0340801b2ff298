"""Bodies of requests and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from product_service.api.fields import (
    Attributes,
    AttributesPatch,
    Brand,
    Categories,
    Currency,
    Description,
    EditableStatus,
    ImageUrl,
    Name,
    Price,
    Sku,
    Stock,
)
from product_service.domain import Product, ProductDetails, ProductDraft, ProductStatus
from shared.clock import to_rfc3339
from shared.http.models import Page, PublicModel, StrictModel


class ProductUpdate(StrictModel):
    """All of a product but its SKU. What is left out gets its default."""

    name: Name
    description: Description = ""
    brand: Brand = ""
    categories: Categories = Field(default_factory=list)
    image_url: ImageUrl | None = None
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


class ProductCreate(ProductUpdate):
    """A new product, or a line of an import."""

    sku: Sku

    def draft(self, shop_currency: str) -> ProductDraft:
        return ProductDraft(self.sku, self.details(shop_currency))


class ProductPatch(StrictModel):
    """A JSON merge patch (RFC 7396): what is left out stays, and lists are replaced whole."""

    # The defaults only mean "left out"; a factory keeps them out of the documentation.
    name: Name = Field(default_factory=str)
    description: Description = Field(default_factory=str)
    brand: Brand = Field(default_factory=str)
    categories: Categories = Field(default_factory=list)
    image_url: ImageUrl | None = None
    price: Price = Field(default_factory=int)
    currency: Currency = Field(default_factory=str)
    stock: Stock = Field(default_factory=int)
    status: EditableStatus = Field(default_factory=lambda: "active")
    attributes: AttributesPatch = Field(default_factory=dict)

    def changes(self) -> dict[str, Any]:
        """What the client sent, as `ProductDetails` names it."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        if "categories" in sent:
            sent["categories"] = tuple(sent["categories"])
        if "status" in sent:
            sent["status"] = ProductStatus(sent["status"])
        return sent


class ProductPublic(PublicModel):
    """A product at one version. `version` is also its ETag."""

    id: str = Field(examples=["pe23d91941206b368157f396c39669ce"])
    sku: Sku
    name: Name
    description: Description
    brand: Brand
    categories: Categories
    image_url: ImageUrl | None
    price: Price
    currency: Currency
    stock: Stock
    status: EditableStatus
    attributes: Attributes
    created_at: datetime
    updated_at: datetime
    version: int = Field(ge=1, description="Grows by one with each change.")


class ProductPage(Page[ProductPublic]):
    """One page of products."""


class FieldProblem(PublicModel):
    """What is wrong with one value."""

    pointer: str = Field(description="JSON pointer into the line.", examples=["/price"])
    message: str


class LineProblem(PublicModel):
    """A line that was not taken."""

    line: int = Field(ge=1, description="Counted from 1.")
    sku: str | None = Field(None, description="As far as the line could be read.")
    errors: list[FieldProblem]


class ImportResult(PublicModel):
    """What became of the lines. Sending them again is harmless."""

    created: int
    updated: int
    unchanged: int
    failed: int
    errors: list[LineProblem] = Field(description="The first hundred bad lines.")
    errors_left_out: int = Field(description="Further bad lines, counted in `failed` only.")


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
