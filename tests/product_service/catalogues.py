"""Products for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from product_service.products.model import Product, ProductDetails, ProductDraft
from shared.ids import new_id

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def details(**replaced: Any) -> ProductDetails:
    return ProductDetails(**{"name": "Crêpe Pan", "price": 3650, "currency": "USD", **replaced})


def draft(sku: str = "PAN-1", **replaced: Any) -> ProductDraft:
    return ProductDraft(sku, details(**replaced))


def product(sku: str = "PAN-1", now: datetime = NOW, **replaced: Any) -> Product:
    """A new product, as if just created."""
    return Product.from_draft(draft(sku, **replaced), now)


def fresh_sku() -> str:
    """A SKU that no other test uses: the bus is shared by tests."""
    return f"T-{new_id()}"


def body(**replaced: Any) -> dict[str, Any]:
    """The body of a request that adds a product."""
    return {"sku": fresh_sku(), "name": "Crêpe Pan", "price": 3650, "stock": 5, **replaced}


def ndjson(lines: Iterable[Any]) -> bytes:
    """The lines of an import. Bytes are not encoded again."""
    encoded = (line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)
    return b"".join(line + b"\n" for line in encoded)


def items(answer: httpx.Response) -> list[str]:
    """The ids of the products in a page."""
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]
