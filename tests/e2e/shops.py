"""The whole shop: a `LocalStack`, or what runs at BASE_URL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from shared.ids import new_id
from shared.settings import ServiceSettings
from tests.support.elasticsearch import delete_indices, require_elasticsearch
from trolley.catalogue import demo
from trolley.local.stack import LocalStack
from trolley.operations import operator_session
from trolley.seeding import import_products

_PASSWORD = "correct horse battery staple"


class Person:
    """Someone who is signed in."""

    def __init__(self, client: httpx.AsyncClient, session: dict[str, Any]) -> None:
        self._client = client
        self.session = session

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['access_token']}"}

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return await self._client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, path: str) -> Any:
        return (await self.call("GET", path)).raise_for_status().json()

    async def add(self, product_id: str, quantity: int = 1) -> Any:
        body = {"product_id": product_id, "quantity": quantity}
        return (await self.call("POST", "/cart/items", json=body)).raise_for_status().json()


class Shop:
    """A running shop and people in it. `stack` is None when the shop is not ours to break."""

    def __init__(self, client: httpx.AsyncClient, stack: LocalStack | None) -> None:
        self.client = client
        self._stack = stack

    @property
    def is_ours(self) -> bool:
        return self._stack is not None

    @property
    def stack(self) -> LocalStack:
        assert self._stack is not None
        return self._stack

    async def guest(self) -> Person:
        return Person(self.client, (await self._post("/guest", None)).json())

    async def register(self, email: str = "", password: str = _PASSWORD) -> Person:
        body = {"name": "Ann", "email": email or f"{new_id()}@example.com", "password": password}
        return Person(self.client, (await self._post("/register", body)).json())

    async def login(self, email: str, password: str = _PASSWORD) -> Person:
        return Person(
            self.client, (await self._post("/login", {"email": email, "password": password})).json()
        )

    async def admin(self) -> Person:
        """Signed in with every scope: the operator of our own shop, or whoever ADMIN_EMAIL names."""
        if self._stack is not None:
            session = await operator_session(self._stack.environment)
            return Person(self.client, {"access_token": session.access_token})
        return await self.login(os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])

    async def _post(self, path: str, body: Any) -> httpx.Response:
        response = await self.client.post(f"/api/v1/auth{path}", json=body)
        return response.raise_for_status()


def bare_environment() -> dict[str, str]:
    """This process's environment without any setting of the shop."""
    settings = {name.upper() for name in ServiceSettings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in settings}


@asynccontextmanager
async def running_shop(
    directory: Path, settings: Mapping[str, str] | None = None, **scale: int
) -> AsyncIterator[Shop]:
    """A shop of our own with the demo catalogue; on SQLite, unless the settings name another store."""
    unlimited = {"GATEWAY_RATE_AVERAGE": "0", "AUTH_SIGN_UPS_PER_MINUTE": "0", "AUTH_GUESTS_PER_MINUTE": "0"}
    environment = {**bare_environment(), **unlimited, **(settings or {})}
    stack = LocalStack(directory, scale=scale, environment=environment)
    await stack.start()
    try:
        async with httpx.AsyncClient(base_url=stack.base_url, timeout=60) as client:
            shop = Shop(client, stack)
            token = (await shop.admin()).session["access_token"]
            await import_products(stack.base_url, token, demo().lines)
            yield shop
    finally:
        await stack.stop()


@asynccontextmanager
async def running_on(
    store: str, directory: Path, settings: Mapping[str, str] | None = None, **scale: int
) -> AsyncIterator[Shop]:
    """The same on `sqlite`, or on the real `elasticsearch` in indices of its own."""
    if store == "sqlite":
        async with running_shop(directory, settings, **scale) as shop:
            yield shop
        return
    url, prefix = require_elasticsearch(), f"e2e-{new_id()}-"
    chosen = {"ELASTICSEARCH_URL": url, "ELASTICSEARCH_INDEX_PREFIX": prefix, **(settings or {})}
    try:
        async with running_shop(directory, chosen, **scale) as shop:
            yield shop
    finally:
        delete_indices(url, prefix)


@asynccontextmanager
async def shop_at(base_url: str) -> AsyncIterator[Shop]:
    """The shop that runs at that address."""
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        yield Shop(client, None)
