"""Products in a document store."""

from __future__ import annotations

from product_service.products.model import Product, ProductDetails, ProductStatus
from shared.aggregates.outbox import Outbox
from shared.aggregates.outbox_fields import OUTBOX_FIELDS
from shared.aggregates.repository import AggregateRepository
from shared.clock import from_rfc3339, to_rfc3339
from shared.store.ports import Collection, DocumentStore, Field, FieldType, Json
from shared.text import joined, name_key

_WORDS = Field(
    FieldType.TEXT, {"analyzer": "whitespace", "index_prefixes": {"min_chars": 1, "max_chars": 10}}
)
_OPAQUE = Field(FieldType.OPAQUE)
_KEYWORD = Field(FieldType.KEYWORD)

PRODUCTS = Collection(
    name="products",
    schema_version=1,
    fields={
        "sku": _OPAQUE,
        "name": _OPAQUE,
        "description": _OPAQUE,
        "brand": _OPAQUE,
        "categories": _OPAQUE,
        "image_url": _OPAQUE,
        "price": Field(FieldType.LONG),
        "currency": _OPAQUE,
        "stock": Field(FieldType.LONG),
        "status": _KEYWORD,
        "attributes": _OPAQUE,
        "created_at": Field(FieldType.DATE),
        "updated_at": _OPAQUE,
        "version": _OPAQUE,
        # Folded texts for the search.
        "sku_key": _KEYWORD,
        "name_key": _KEYWORD,
        "brand_key": _KEYWORD,
        "category_keys": _KEYWORD,
        "name_words": _WORDS,
        "search_words": _WORDS,
        **OUTBOX_FIELDS,
    },
)


class ProductCodec:
    """`shared.aggregates.repository.Codec` of products."""

    def to_document(self, product: Product) -> Json:
        details = product.details
        return {
            "sku": product.sku,
            "name": details.name,
            "description": details.description,
            "brand": details.brand,
            "categories": list(details.categories),
            "image_url": details.image_url,
            "price": details.price,
            "currency": details.currency,
            "stock": details.stock,
            "status": details.status.value,
            "attributes": dict(details.attributes),
            "created_at": to_rfc3339(product.created_at),
            "updated_at": to_rfc3339(product.updated_at),
            "version": product.version,
            **_search_fields(product),
        }

    def from_document(self, id: str, body: Json) -> Product:
        details = ProductDetails(
            name=body["name"],
            price=body["price"],
            currency=body["currency"],
            description=body["description"],
            brand=body["brand"],
            categories=tuple(body["categories"]),
            image_url=body["image_url"],
            stock=body["stock"],
            status=ProductStatus(body["status"]),
            attributes=body["attributes"],
        )
        created, updated = from_rfc3339(body["created_at"]), from_rfc3339(body["updated_at"])
        return Product(id, body["sku"], details, created, updated, body["version"])


class StoredProducts(AggregateRepository[Product]):
    """A `ProductRepository`. The outbox delivers the events in the documents."""

    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        super().__init__(store, ProductCodec(), outbox)


def _search_fields(product: Product) -> Json:
    """The name, brand and SKU weigh more than the categories, description and attributes."""
    details = product.details
    attributes = [f"{name} {value}" for name, value in details.attributes.items()]
    return {
        "sku_key": product.sku.upper(),
        "name_key": joined([details.name]),
        "brand_key": name_key(details.brand),
        "category_keys": [name_key(category) for category in details.categories],
        "name_words": joined([details.name, details.brand, product.sku]),
        "search_words": joined([*details.categories, details.description, *attributes]),
    }
