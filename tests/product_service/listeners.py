"""Subscribers to products in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import nats
import orjson
from nats.aio.client import Client
from nats.js.errors import KeyNotFoundError


class Listener:
    """Reads the entries and events of product_service."""

    def __init__(self, client: Client) -> None:
        self._stream = client.jetstream()

    async def entry(self, id: str) -> dict[str, Any] | None:
        """The product's entry in the bucket."""
        bucket = await self._stream.key_value("products")
        try:
            found = await bucket.get(id)
        except KeyNotFoundError:
            return None
        entry: dict[str, Any] = orjson.loads(found.value or b"")
        return entry

    async def events(self, id: str, number: int) -> list[dict[str, Any]]:
        """The first events about a product, once there are so many."""
        subscription = await self._stream.subscribe(f"shop.product.*.{id}", ordered_consumer=True)
        try:
            return [orjson.loads((await subscription.next_msg(10)).data) for _ in range(number)]
        finally:
            await subscription.unsubscribe()


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Listener]:
    client = await nats.connect(url)
    try:
        yield Listener(client)
    finally:
        await client.close()
