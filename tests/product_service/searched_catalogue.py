"""A product search with its products."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from product_service.products.model import Product
from product_service.products.store import PRODUCTS, ProductCodec
from product_service.search.elasticsearch import ElasticsearchProductSearch
from product_service.search.ports import ProductSearch, SearchQuery
from product_service.search.sqlite import SqliteProductSearch
from shared.aggregates.change import Change
from shared.aggregates.repository import AggregateRepository
from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
from shared.store.ports import DocumentStore
from shared.store.sqlite.factory import SqliteStoreFactory


@dataclass(frozen=True)
class SearchedCatalogue:
    """Products, and a search that finds them."""

    search: ProductSearch
    store: DocumentStore
    repository: AggregateRepository[Product]

    async def put(self, *products: Product) -> None:
        """Writes them at the same time, and waits until the search finds them."""
        await asyncio.gather(*map(self._put, products))
        await self.store.refresh()

    async def _put(self, product: Product) -> None:
        await self.repository.update(product.id, lambda _: Change(product, None))

    async def skus(self, text: str = "", limit: int = 100, **query: Any) -> list[str]:
        """The SKUs of the matches, in order."""
        hits = await self.search.search(SearchQuery(text, **query), limit)
        assert hits.total == len(hits.items)
        assert hits.total_is_exact
        return await self.named(hits.items)

    async def named(self, ids: Sequence[str]) -> list[str]:
        return [found.sku for found in await self.repository.get_many(ids) if found]


@asynccontextmanager
async def open_catalogue(
    factory: ElasticsearchStoreFactory | SqliteStoreFactory,
) -> AsyncIterator[SearchedCatalogue]:
    """An empty catalogue with the search that belongs to the store."""
    store = await factory.open(PRODUCTS)
    repository = AggregateRepository(store, ProductCodec())
    if isinstance(factory, ElasticsearchStoreFactory):
        search = ElasticsearchProductSearch(factory.gateway, factory.alias(PRODUCTS))
        yield SearchedCatalogue(search, store, repository)
        return
    embedded = SqliteProductSearch(factory.path(PRODUCTS))
    await embedded.open()
    yield SearchedCatalogue(embedded, store, repository)
    await embedded.close()
