"""Finding and listing products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from product_service.products.model import Product
from product_service.products.ports import ProductRepository
from product_service.search.ports import ProductSearch, SearchQuery
from shared.store.ports import Position


@dataclass(frozen=True, slots=True)
class ProductsFound:
    """A page of products as they are now. Which products, and their order, is as of the last refresh."""

    products: Sequence[Product]
    total: int
    total_is_exact: bool = True
    next: Position | None = None


class SearchService:
    def __init__(self, products: ProductRepository, search: ProductSearch) -> None:
        self._products = products
        self._search = search

    async def search(self, query: SearchQuery, limit: int, after: Position | None = None) -> ProductsFound:
        """A page of matches, without products that have left the query's status since the last refresh."""
        hits = await self._search.search(query, limit, after)
        found = await self._products.get_many(hits.ids)
        shown = [product for product in found if product and product.details.status is query.status]
        return ProductsFound(shown, hits.total, hits.total_is_exact, hits.next)

    async def get_many(self, ids: Sequence[str], *, hidden: bool) -> ProductsFound:
        """The products of these ids, in this order. `hidden` includes those that are not on sale."""
        found = await self._products.get_many(ids)
        shown = [product for product in found if product and product.is_shown(hidden=hidden)]
        return ProductsFound(shown, len(shown))
