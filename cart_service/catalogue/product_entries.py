"""Reads the entries of the `products` bucket, which product_service writes."""

from __future__ import annotations

import orjson
import structlog

from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from shared.events.ports import Entry

log = structlog.get_logger(__name__)


def product_of(entry: Entry, currency: str) -> CatalogueProduct:
    """The product of an entry; a missing one when it was deleted, is unreadable, or has another currency."""
    if entry.value is None:
        return CatalogueProduct.missing(entry.key, entry.revision)
    try:
        body = orjson.loads(entry.value)
        if body["currency"] != currency:
            raise ValueError(f"its currency is {body['currency']}, the shop's is {currency}")
        return CatalogueProduct(
            id=entry.key,
            name=body["name"],
            image_url=body["image_url"],
            price=body["price"],
            stock=body["stock"],
            status=CatalogueStatus(body["status"]),
            revision=entry.revision,
            categories=tuple(str(category) for category in body.get("categories") or ()),
        )
    except (KeyError, TypeError, ValueError) as error:
        log.warning("a product cannot be sold", product_id=entry.key, reason=str(error))
        return CatalogueProduct.missing(entry.key, entry.revision)
