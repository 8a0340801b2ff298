"""Why a product cannot be taken."""

from __future__ import annotations

from typing import ClassVar

from shared.errors import Conflict, NotFound


class UnknownProduct(NotFound):
    """There is no such product, or it is not (or no longer) shown to customers."""

    code, title = "product-not-found", "Product not found"
    field: ClassVar[str] = "product_id"

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"There is no product {product_id!r}. Take a `product_id` from the catalogue.",
            extra={"product_id": product_id},
        )


class ProductNotForSale(Conflict):
    """The product is shown, and not sold any more."""

    code, title = "product-not-for-sale", "Product not for sale"
    field: ClassVar[str] = "product_id"

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"Product {product_id!r} is not sold any more. Choose another one.",
            extra={"product_id": product_id},
        )
