"""The composition root: the only file that chooses adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from product_service.imports.service import ImportService
from product_service.imports.stream import ImportLimits
from product_service.products.capacity import Capacity
from product_service.products.service import CatalogueService
from product_service.products.store import PRODUCTS, StoredProducts
from product_service.search.ports import ProductSearch
from product_service.search.service import SearchService
from product_service.search.sqlite import SqliteProductSearch
from product_service.service import ProductService
from product_service.settings import ProductSettings
from shared.aggregates.outbox import Outbox
from shared.backends import Backends
from shared.events.ports import Bucket, BucketConfig
from shared.events.projections import EntryDelivery
from shared.store.factory import StoreFactory
from shared.store.ports import DocumentStore
from shared.store.sqlite.factory import SqliteStoreFactory


@dataclass(frozen=True, slots=True)
class ProductStorage:
    """The products with their collection, bucket and outbox. The outbox delivers the events of writes made
    through `products`, and no others until it is started."""

    store: DocumentStore
    bucket: Bucket
    outbox: Outbox
    products: StoredProducts


@asynccontextmanager
async def open_product_storage(backends: Backends) -> AsyncIterator[ProductStorage]:
    """The storage without use cases and background tasks, for the command of an operator."""
    bucket = await backends.bus.bucket(BucketConfig("products"))
    store = await backends.stores.open(PRODUCTS)
    outbox = Outbox(EntryDelivery(backends.bus, bucket), clock=backends.clock)
    try:
        yield ProductStorage(store, bucket, outbox, StoredProducts(store, outbox))
    finally:
        await outbox.close()


@asynccontextmanager
async def bootstrap(settings: ProductSettings, backends: Backends) -> AsyncIterator[ProductService]:
    """The use cases over the backends that the settings choose."""
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_product_storage(backends))
        products = storage.products
        search = await _open_search(backends.stores, stack)
        await storage.outbox.start(backends.tasks)
        clock, currency = backends.clock, settings.shop_currency
        capacity = Capacity(storage.bucket, settings.products_limit)
        yield ProductService(
            search=SearchService(products, search),
            catalogue=CatalogueService(products, capacity, clock, currency),
            imports=ImportService(products, capacity, clock, currency),
            import_limits=ImportLimits(
                settings.products_import_line_bytes, settings.products_import_total_bytes
            ),
        )


async def _open_search(stores: StoreFactory, stack: AsyncExitStack) -> ProductSearch:
    """The search of the store. Only its own library is imported."""
    if isinstance(stores, SqliteStoreFactory):
        search = SqliteProductSearch(stores.path(PRODUCTS))
        stack.push_async_callback(search.close)
        await search.open()
        return search
    from product_service.search.elasticsearch import ElasticsearchProductSearch
    from shared.store.elasticsearch.factory import ElasticsearchStoreFactory

    if isinstance(stores, ElasticsearchStoreFactory):
        return ElasticsearchProductSearch(stores.gateway, stores.alias(PRODUCTS))
    raise TypeError(f"no product search for {type(stores).__name__}")
