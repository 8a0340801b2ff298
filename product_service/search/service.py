"""Finding and listing products."""

from __future__ import annotations

from collections.abc import Sequence

from product_service.products.model import Product
from product_service.products.ports import ProductRepository
from product_service.search.ports import ProductSearch, SearchQuery
from shared.aggregates.ports import ListPage
from shared.store.ports import Position


class SearchService:
    def __init__(self, products: ProductRepository, search: ProductSearch) -> None:
        self._products = products
        self._search = search

    async def search(
        self, query: SearchQuery, limit: int, after: Position | None = None
    ) -> ListPage[Product]:
        """A page of matches as of the last refresh. The products are as of now, and those that have left the
        status of the query are missing."""
        hits = await self._search.search(query, limit, after)
        found = await self._products.get_many(hits.items)
        shown = [product for product in found if product and product.details.status is query.status]
        return ListPage(shown, hits.total, hits.total_is_exact, hits.end)

    async def get_many(self, ids: Sequence[str], *, hidden: bool) -> ListPage[Product]:
        """The products of these ids, in this order. `hidden` includes those that are not on sale."""
        found = await self._products.get_many(ids)
        shown = [product for product in found if product and product.is_shown(hidden=hidden)]
        return ListPage(shown, len(shown), True, None)
