"""Requests to Elasticsearch: bytes out, parsed JSON in, one kind of error."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
from elasticsearch import AsyncElasticsearch, OrjsonSerializer

from shared.store.breaker import StoreBreaker
from shared.store.elasticsearch.errors import store_errors
from shared.store.ports import StoreUnavailable

_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_REQUEST_SECONDS = 10.0
_CONNECTIONS = 16


def create_client(url: str, connections: int = _CONNECTIONS) -> AsyncElasticsearch:
    """A client that never repeats a request, because a write must not happen twice."""
    return AsyncElasticsearch(
        url,
        serializer=OrjsonSerializer(),
        request_timeout=_REQUEST_SECONDS,
        connections_per_node=connections,
        max_retries=0,
        retry_on_timeout=False,
    )


class Gateway:
    """Sends requests, and refuses them at once while Elasticsearch does not answer. Every method raises
    `StoreUnavailable`, or `SchemaMismatch` if the index does not exist. `indices` is the pattern of the
    shop's indices."""

    def __init__(self, url: str, indices: str) -> None:
        self.client = create_client(url)
        # Hanging requests may take every connection of the client, and a ping must not wait for them.
        self._ping_client = create_client(url, connections=1)
        self._health_path = f"/_cluster/health/{indices}"
        self._breaker = StoreBreaker(self._ask_health)
        parts = urlsplit(url)
        self.address = f"{parts.scheme}://{parts.hostname}:{parts.port or 9200}"

    async def send(self, method: str, path: str, body: object = None, **params: str) -> Any:
        """The body of the answer. `body` is sent unchanged if it is bytes, else as JSON."""
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        async with self._breaker.watch():
            with store_errors(self.address):
                answer = await self.client.perform_request(
                    method, path, params=params, headers=_JSON, body=data
                )
        return answer.body

    async def ping(self) -> None:
        """Raises unless all of the shop's data can be reached."""
        await self._breaker.ping()

    async def close(self) -> None:
        await self._breaker.close()
        await self._ping_client.close()
        await self.client.close()

    async def _ask_health(self) -> None:
        with store_errors(self.address):
            answer = await self._ping_client.perform_request(
                "GET", self._health_path, params={"filter_path": "status"}, headers=_JSON
            )
        if answer.body["status"] == "red":
            raise StoreUnavailable(
                "Elasticsearch is red: some of the shop's data cannot be reached (ELASTICSEARCH_URL)."
            )
