"""Names and administration of indices.

A collection `carts` of schema 3 under the prefix `shop-` is the index `shop-carts-v3`. The alias `shop-carts`
names the index in use, for searches. The document store reads and writes the alias `shop-carts-v3-live`,
which exists only while schema 3 is in use (or is being built).
"""

from __future__ import annotations

from typing import Any

from elasticsearch import BadRequestError, NotFoundError

from shared.store.declaration import ID_FIELD
from shared.store.elasticsearch.errors import store_errors
from shared.store.elasticsearch.gateway import Gateway
from shared.store.ports import Collection, Field, FieldType, SchemaMismatch

_OPAQUE = {"type": "object", "enabled": False}


def index_body(collection: Collection, *, replicas: int, aliases: list[str]) -> dict[str, Any]:
    """The body that creates the index. It has one shard, because sequence numbers, and so versions, count per
    shard."""
    properties = {name: _property(field) for name, field in collection.fields.items()}
    return {
        "settings": {"number_of_shards": 1, "number_of_replicas": replicas},
        "mappings": {"dynamic": "strict", "properties": {ID_FIELD: {"type": "keyword"}, **properties}},
        "aliases": {alias: {} for alias in aliases},
    }


def _property(field: Field) -> dict[str, Any]:
    if field.type is FieldType.OPAQUE:
        return _OPAQUE
    return {"type": field.type.value, **field.parameters}


class Indices:
    """Every method raises `StoreUnavailable`."""

    def __init__(self, gateway: Gateway, prefix: str, replicas: int) -> None:
        self._client = gateway.client
        self._gateway = gateway
        self._prefix = prefix
        self._replicas = replicas

    def alias(self, collection: Collection) -> str:
        return f"{self._prefix}{collection.name}"

    def index(self, collection: Collection) -> str:
        return f"{self.alias(collection)}-v{collection.schema_version}"

    def store_alias(self, collection: Collection) -> str:
        return f"{self.index(collection)}-live"

    @staticmethod
    def version_of(index: str) -> int:
        """The schema version in an index's name."""
        return int(index.rpartition("-v")[2])

    async def in_use(self, collection: Collection) -> str | None:
        """The index of the alias. Raises `SchemaMismatch` if there are several."""
        with store_errors(self._gateway.address):
            try:
                answer = await self._client.indices.get_alias(name=self.alias(collection))
            except NotFoundError:
                return None
        names: list[str] = sorted(answer.body)
        if len(names) > 1:
            raise SchemaMismatch(f"Alias {self.alias(collection)} names several indices: {', '.join(names)}.")
        return names[0]

    async def create(self, collection: Collection, *, in_use: bool) -> None:
        """Creates the collection's index if it is missing. With `in_use` it becomes the index in use."""
        aliases = [self.store_alias(collection)] + [self.alias(collection)] * in_use
        body = index_body(collection, replicas=self._replicas, aliases=aliases)
        with store_errors(self._gateway.address):
            try:
                await self._client.indices.create(index=self.index(collection), **body)
            except BadRequestError as error:
                if error.message != "resource_already_exists_exception":
                    raise

    async def delete(self, index: str) -> None:
        """Deletes the index. A missing index is not an error."""
        with store_errors(self._gateway.address):
            await self._client.indices.delete(index=index, ignore_unavailable=True)

    async def block_writes(self, index: str) -> None:
        """Returns when no write is under way and none can begin."""
        with store_errors(self._gateway.address):
            await self._client.indices.add_block(index=index, block="write")

    async def allow_writes(self, index: str) -> None:
        with store_errors(self._gateway.address):
            await self._client.indices.put_settings(index=index, settings={"index.blocks.write": None})

    async def switch(self, collection: Collection, source: str) -> None:
        """Puts the collection's index into use instead of `source`, atomically."""
        target, alias = self.index(collection), self.alias(collection)
        former_store_alias = f"{source}-live"
        actions: list[dict[str, Any]] = [
            {"remove": {"index": source, "alias": alias, "must_exist": True}},
            {"remove": {"index": source, "alias": former_store_alias, "must_exist": True}},
            {"add": {"index": target, "alias": alias}},
        ]
        with store_errors(self._gateway.address):
            await self._client.indices.update_aliases(actions=actions)
