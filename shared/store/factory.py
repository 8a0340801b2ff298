"""Chooses the store of a service: Elasticsearch if ELASTICSEARCH_URL is set, else SQLite, embedded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.settings import ServiceSettings
from shared.store.ports import Collection, DocumentStore

if TYPE_CHECKING:
    from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
    from shared.store.sqlite.factory import SqliteStoreFactory


class StoreFactory(Protocol):
    """Opens the collections of one store."""

    async def open(self, collection: Collection) -> DocumentStore:
        """The collection, which is created if it is missing. Replicas may do this at the same time. Raises
        `StoreUnavailable`, and `SchemaMismatch` if the stored collection has another schema version."""
        ...

    async def ping(self) -> None:
        """Raises `StoreUnavailable`, with the setting's name, unless the store can be used."""
        ...

    async def close(self) -> None:
        """Finishes the accepted operations, then closes every collection."""
        ...


def create_store_factory(settings: ServiceSettings) -> ElasticsearchStoreFactory | SqliteStoreFactory:
    """The store that the settings choose. It is not connected yet, and only its library is imported."""
    if settings.elasticsearch_url:
        from shared.store.elasticsearch.factory import ElasticsearchStoreFactory

        return ElasticsearchStoreFactory.of(settings)
    from shared.store.sqlite.factory import SqliteStoreFactory

    return SqliteStoreFactory.of(settings)
