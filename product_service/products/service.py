"""The use cases of single products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from product_service.products.capacity import Capacity
from product_service.products.events import DELIVERY_SECONDS, change_to
from product_service.products.model import (
    Product,
    ProductChanged,
    ProductDetails,
    ProductDraft,
    ProductNotFound,
    SkuTaken,
)
from product_service.products.ports import ProductRepository
from shared.aggregates.change import Change
from shared.clock import Clock

Expected = Callable[[int], bool]
"""Whether a version is one that the client accepts."""


class CatalogueService:
    """Reads and changes products. A `hidden` read also shows drafts and archived products."""

    def __init__(self, products: ProductRepository, capacity: Capacity, clock: Clock, currency: str) -> None:
        self.currency = currency
        self._products = products
        self._capacity = capacity
        self._clock = clock

    async def create(self, draft: ProductDraft) -> Product:
        """Raises `SkuTaken` and `CatalogueFull`."""
        draft.sold_in(self.currency)
        await self._capacity.refresh()

        def change(before: Product | None) -> Change[Product, Product]:
            if before and not before.deleted:
                raise SkuTaken(before)
            if before is None:
                self._capacity.take()
            product = Product.from_draft(draft, self._clock.now(), tombstone=before)
            return change_to(before, product, product)

        return await self._write(draft.id, change)

    async def get(self, id: str, *, hidden: bool = False) -> Product:
        """Raises `ProductNotFound`."""
        product = await self._products.get(id)
        if product is None or not product.is_shown(hidden=hidden):
            raise ProductNotFound
        return product

    async def replace(
        self, id: str, details: ProductDetails, expected: Expected, check: Callable[[Product], None]
    ) -> Product:
        """`check` may refuse the present product by raising. Raises `ProductNotFound`, `ProductChanged`, the
        errors of `check`, or `InvalidInput` for a foreign currency."""

        def revise(product: Product) -> ProductDetails:
            check(product)
            return details

        return await self._revise(id, revise, expected)

    async def patch(self, id: str, changes: dict[str, Any], expected: Expected) -> Product:
        """Applies a JSON merge patch. Raises the errors of `replace`."""
        return await self._revise(id, lambda product: product.details.merged(changes), expected)

    async def delete(self, id: str, expected: Expected) -> None:
        """Leaves a tombstone. Raises `ProductNotFound` or `ProductChanged`."""

        def change(before: Product | None) -> Change[Product, Product]:
            product = _expect(before, expected)
            tombstone = product.removed(self._clock.now())
            return change_to(product, tombstone, tombstone)

        await self._write(id, change)

    async def wait_until_searchable(self) -> None:
        """Returns once the search sees every write acknowledged before this call."""
        await self._products.refresh()

    async def _revise(
        self, id: str, revise: Callable[[Product], ProductDetails], expected: Expected
    ) -> Product:
        def change(before: Product | None) -> Change[Product, Product]:
            product = _expect(before, expected)
            details = ProductDraft(product.sku, revise(product)).sold_in(self.currency).details
            revised = product.revised(details, self._clock.now())
            return change_to(product, revised, revised)

        return await self._write(id, change)

    async def _write(self, id: str, change: Callable[[Product | None], Change[Product, Product]]) -> Product:
        product = await self._products.update(id, change)
        await self._products.delivered(id, DELIVERY_SECONDS)
        return product


def _expect(product: Product | None, expected: Expected) -> Product:
    if product is None or product.deleted:
        raise ProductNotFound
    if not expected(product.version):
        raise ProductChanged(product)
    return product
