"""A shop of one service: carts, over each store, with products put where product_service puts them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import nats
import orjson
import pytest
from fastapi import FastAPI

from cart_service.carts.store import CARTS
from cart_service.live.service import LiveLimits
from cart_service.main import create_app
from cart_service.settings import CartSettings
from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from tests.cart_service.memory import Replica, Shop
from tests.cart_service.stage import Stage
from tests.support.apps import running
from tests.support.tokens import TokenIssuer, put_entry


class Catalogue:
    """Writes entries of the `products` bucket as product_service does."""

    def __init__(self, nats_url: str) -> None:
        self._nats_url = nats_url

    async def put(self, product_id: str | None = None, **fields: Any) -> str:
        id = product_id or f"p{new_id()[1:]}"
        await put_entry(self._nats_url, "products", id, self._entry(id, fields))
        return id

    async def put_many(self, count: int) -> list[str]:
        """As many products, through one connection."""
        client = await nats.connect(self._nats_url)
        bucket = await client.jetstream().key_value("products")
        ids = [f"p{new_id()[1:]}" for _ in range(count)]
        await asyncio.gather(*(bucket.put(id, orjson.dumps(self._entry(id, {}))) for id in ids))
        await client.close()
        return ids

    def _entry(self, id: str, fields: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": id,
            "version": 1,
            "name": "Mug",
            "image_url": "https://img.example/mug.jpg",
            "price": 1299,
            "currency": "USD",
            "stock": 1000,
            "status": "active",
            **fields,
        }


@dataclass
class Customer:
    """Somebody who is signed in, calling one replica."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    user_id: str

    async def call(self, method: str, path: str = "", json: Any = None, **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {} if json is None else {"json": json}
        return await self.client.request(
            method, f"/api/v1/cart{path}", headers={**self.headers, **names}, **body
        )

    async def add(self, product_id: str, quantity: int = 1, **headers: str) -> httpx.Response:
        return await self.call("POST", "/items", {"product_id": product_id, "quantity": quantity}, **headers)

    def at(self, client: httpx.AsyncClient) -> Customer:
        """The same customer, calling another replica."""
        return Customer(client, self.headers, self.user_id)


StartReplica = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def reuses_indices() -> bool:
    return True


@pytest.fixture
def catalogue(nats_url: str) -> Catalogue:
    return Catalogue(nats_url)


@pytest.fixture
def create_replica(backend_settings: dict[str, Any], fast: bool) -> Callable[..., FastAPI]:
    """Makes a replica of the service; keywords replace settings."""
    return lambda **changed: create_app(CartSettings(**{**backend_settings, **changed}), fast=fast)


@pytest.fixture
def start_replica(create_replica: Callable[..., FastAPI]) -> StartReplica:
    """Runs a replica of the service until the block ends."""

    @asynccontextmanager
    async def start(**changed: Any) -> AsyncIterator[httpx.AsyncClient]:
        async with running(create_replica(**changed)) as client:
            yield client

    return start


@pytest.fixture
async def replica(tokens: TokenIssuer, start_replica: StartReplica) -> AsyncIterator[httpx.AsyncClient]:
    async with start_replica() as client:
        yield client


@pytest.fixture
async def stored_cart(
    backend_settings: dict[str, Any],
) -> AsyncIterator[Callable[[str], Awaitable[dict[str, Any]]]]:
    """Reads a cart's document past the service."""
    factory = create_store_factory(ServiceSettings(**backend_settings))
    store = await factory.open(CARTS)

    async def read(owner: str) -> dict[str, Any]:
        document = await store.get(owner)
        assert document is not None
        return document.body

    yield read
    await factory.close()


@pytest.fixture
def sign_in(tokens: TokenIssuer) -> Callable[..., Customer]:
    """Signs somebody new in, at a replica."""

    def sign_in(client: httpx.AsyncClient, role: str = "customer") -> Customer:
        user_id = new_id()
        return Customer(client, {"Authorization": tokens.issue(user_id, role)}, user_id)

    return sign_in


@pytest.fixture
def ann(replica: httpx.AsyncClient, sign_in: Callable[..., Customer]) -> Customer:
    return sign_in(replica)


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.bucket.put_product("mug")
    shop.bucket.put_product("cup")
    return shop


@pytest.fixture
async def here(shop: Shop) -> Replica:
    return await shop.replica()


@pytest.fixture
async def there(shop: Shop, here: Replica) -> Replica:
    return await shop.replica()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage(LiveLimits(per_user=3, in_all=4, heartbeat_seconds=60))
    yield stage
    await stage.close()
