"""Requests to Elasticsearch: bytes out, parsed JSON in, one kind of error."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
from elasticsearch import AsyncElasticsearch, OrjsonSerializer

from shared.store.elasticsearch.errors import store_errors

_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_REQUEST_SECONDS = 10.0
_CONNECTIONS = 16


def create_client(url: str) -> AsyncElasticsearch:
    """A client that never sends a request a second time: a write must not happen twice unseen."""
    return AsyncElasticsearch(
        url,
        serializer=OrjsonSerializer(),
        request_timeout=_REQUEST_SECONDS,
        connections_per_node=_CONNECTIONS,
        max_retries=0,
        retry_on_timeout=False,
    )


class Gateway:
    """Sends requests. Every method raises `StoreUnavailable`, or `SchemaMismatch` where the index is gone."""

    def __init__(self, client: AsyncElasticsearch, url: str) -> None:
        self._client = client
        parts = urlsplit(url)
        self.address = f"{parts.scheme}://{parts.hostname}:{parts.port or 9200}"

    async def send(self, method: str, path: str, body: object = None, **params: str) -> Any:
        """The answer's body. `body` is sent as it is when it is bytes, else as JSON."""
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        with store_errors(self.address):
            answer = await self._client.perform_request(method, path, params=params, headers=_JSON, body=data)
        return answer.body
