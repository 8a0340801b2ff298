"""Refusals of products."""

from __future__ import annotations

from typing import ClassVar

from shared.errors import Conflict, NotFound


class UnknownProduct(NotFound):
    """There is no such product, or customers cannot see it."""

    code, title = "product-not-found", "Product not found"
    field: ClassVar[str] = "product_id"

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"There is no product {product_id!r}. Take a `product_id` from the catalogue.",
            extra={"product_id": product_id},
        )


class ProductNotForSale(Conflict):
    """Customers can see the product, but it is not sold any more."""

    code, title = "product-not-for-sale", "Product not for sale"
    field: ClassVar[str] = "product_id"

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"Product {product_id!r} is not sold any more. Choose another one.",
            extra={"product_id": product_id},
        )
