"""Reading and changing single products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from product_service.products.ports import (
    EventDelivery,
    Position,
    ProductRepository,
    ProductSearch,
    SearchQuery,
)
from shared.aggregates.change import Change
from shared.clock import Clock

Expected = Callable[[int], bool]
"""Says whether a version is the one the client has seen."""


@dataclass(frozen=True, slots=True)
class ProductsFound:
    """A page of products as they are now; which ones, and their order, is as of the search's last refresh."""

    products: Sequence[Product]
    total: int
    total_is_exact: bool
    next: Position | None


class CatalogueService:
    """Reads and changes products. A `hidden` read also shows what is not on sale, but nothing deleted."""

    def __init__(
        self,
        products: ProductRepository,
        search: ProductSearch,
        deliveries: EventDelivery,
        *,
        capacity: Capacity,
        clock: Clock,
        currency: str,
    ) -> None:
        self.currency = currency
        self._products = products
        self._search = search
        self._deliveries = deliveries
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
        return _shown(await self._products.get(id), hidden=hidden)

    async def get_many(self, ids: Sequence[str], *, hidden: bool = False) -> list[Product]:
        """The products that there are, in the order of `ids`."""
        found = await self._products.get_many(ids)
        return [product for product in found if product and _is_shown(product, hidden=hidden)]

    async def replace(
        self, id: str, details: ProductDetails, expected: Expected, check: Callable[[Product], None]
    ) -> Product:
        """`check` may refuse the product as it is. Raises `ProductNotFound`, `ProductChanged`, what `check`
        raises, or `InvalidInput` for a foreign currency."""

        def revise(product: Product) -> ProductDetails:
            check(product)
            return details

        return await self._revise(id, revise, expected)

    async def patch(self, id: str, changes: dict[str, Any], expected: Expected) -> Product:
        """Applies a JSON merge patch. Raises what `replace` raises."""
        return await self._revise(id, lambda product: product.details.merged(changes), expected)

    async def delete(self, id: str, expected: Expected) -> None:
        """Leaves a tombstone. Raises `ProductNotFound` or `ProductChanged`."""

        def change(before: Product | None) -> Change[Product, Product]:
            product = _expect(before, expected)
            tombstone = product.removed(self._clock.now())
            return change_to(product, tombstone, tombstone)

        await self._write(id, change)

    async def search(self, query: SearchQuery, limit: int, after: Position | None = None) -> ProductsFound:
        """A page of what matches. What has left the query's status since the last refresh is left out."""
        hits = await self._search.search(query, limit, after)
        found = await self.get_many(hits.ids, hidden=True)
        shown = [product for product in found if product.details.status is query.status]
        return ProductsFound(shown, hits.total, hits.total_is_exact, hits.next)

    async def wait_until_searchable(self) -> None:
        """Returns once the search sees every write acknowledged before this call."""
        await self._search.refresh()

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
        await self._deliveries.flushed(id, DELIVERY_SECONDS)
        return product


def _expect(product: Product | None, expected: Expected) -> Product:
    if product is None or product.deleted:
        raise ProductNotFound
    if not expected(product.version):
        raise ProductChanged(product)
    return product


def _is_shown(product: Product, *, hidden: bool) -> bool:
    return product.public or (hidden and not product.deleted)


def _shown(product: Product | None, *, hidden: bool) -> Product:
    if product is None or not _is_shown(product, hidden=hidden):
        raise ProductNotFound
    return product
