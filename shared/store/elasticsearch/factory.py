"""Opens Elasticsearch collections."""

from __future__ import annotations

import asyncio

from shared.settings import ServiceSettings
from shared.store.declaration import check_collection
from shared.store.elasticsearch.gateway import Gateway
from shared.store.elasticsearch.indices import Indices
from shared.store.elasticsearch.store import ElasticsearchDocumentStore
from shared.store.ports import Collection, SchemaMismatch
from shared.store.queues import QueueLimits


class ElasticsearchStoreFactory:
    """A `StoreFactory`. `gateway` is for adapters that search the index of `alias(collection)` directly."""

    def __init__(self, url: str, prefix: str, replicas: int, limits: QueueLimits) -> None:
        self.gateway = Gateway(url, f"{prefix}*")
        self.indices = Indices(self.gateway, prefix, replicas)
        self._limits = limits
        self._stores: list[ElasticsearchDocumentStore] = []

    @classmethod
    def of(cls, settings: ServiceSettings) -> ElasticsearchStoreFactory:
        return cls(
            settings.elasticsearch_url.get_secret_value(),
            settings.elasticsearch_index_prefix,
            settings.elasticsearch_index_replicas,
            QueueLimits.of(settings),
        )

    def alias(self, collection: Collection) -> str:
        """The name of the collection's index for searches."""
        return self.indices.alias(collection)

    async def open(self, collection: Collection) -> ElasticsearchDocumentStore:
        check_collection(collection)
        if await self.indices.in_use(collection) is None:
            await self.indices.create(collection, in_use=True)
        wanted, found = self.indices.index(collection), await self.indices.in_use(collection)
        if wanted != found:
            raise SchemaMismatch(
                f"Collection {collection.name} is stored in {found}, and this release needs {wanted}. Run "
                "`python -m trolley migrate` of the newest release, and start only that release."
            )
        alias = self.indices.store_alias(collection)
        store = ElasticsearchDocumentStore(self.gateway, alias, collection, self._limits)
        self._stores.append(store)
        return store

    async def ping(self) -> None:
        await self.gateway.ping()

    async def close(self) -> None:
        stores, self._stores = self._stores, []
        await asyncio.gather(*(store.close() for store in stores))
        await self.gateway.close()
