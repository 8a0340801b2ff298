"""A shop that a test may break, and what is asked of it afterwards."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cart_service.carts.store import CARTS
from cart_service.settings import CartSettings
from shared.aggregates.outbox_fields import PENDING_EVENTS
from shared.store.factory import create_store_factory
from tests.chaos.attempts import PATIENCE_SECONDS
from tests.chaos.load import Load
from tests.e2e.shops import Person, Shop
from tests.e2e.test_story import new_product
from tests.support.proxy import Proxy
from tests.support.waiting import eventually
from trolley.environment import settings_from
from trolley.local.stack import LocalStack

REPLICAS = 3
KILL_EVERY = 1.0
"""Seconds between two kills, where two replicas are up by then."""


class ChaosShop:
    """`proxy` is what stands before Elasticsearch, None on SQLite."""

    def __init__(self, shop: Shop, proxy: Proxy | None = None) -> None:
        self.shop = shop
        self.proxy = proxy

    @property
    def stack(self) -> LocalStack:
        return self.shop.stack

    @property
    def sqlite_directory(self) -> Path:
        return Path(self.stack.environment["SQLITE_DIRECTORY"])

    async def products(self, count: int) -> list[str]:
        """Ids of products that are for sale."""
        answer = await self.shop.client.get("/api/v1/products", params={"limit": count, "in_stock": True})
        ids = [product["id"] for product in answer.raise_for_status().json()["items"]]
        assert len(ids) == count
        return ids

    async def guests(self, count: int) -> list[Person]:
        return [await self.shop.guest() for _ in range(count)]

    async def until(self, load: Load, adds: int) -> None:
        """Returns once so many adds were accepted."""
        await self.when(lambda: load.total >= adds)

    async def when(self, condition: Callable[[], bool]) -> None:
        """Returns once it holds."""
        await eventually(condition, PATIENCE_SECONDS)

    async def product(self, **fields: Any) -> str:
        """A new product, once the carts have heard of it."""
        id: str = (await new_product(await self.shop.admin(), **fields))["id"]
        return id

    async def pending_events(self, owner: str) -> list[Any]:
        """The undelivered events in the owner's document, asked of the store itself."""
        factory = create_store_factory(settings_from(CartSettings, self.stack.environment))
        try:
            document = await (await factory.open(CARTS)).get(owner)
        finally:
            await factory.close()
        assert document is not None
        return list(document.body.get(PENDING_EVENTS) or [])


class Killer:
    """Each second kills a cart replica with SIGKILL, and starts it again; one of the others is always up."""

    def __init__(self, stack: LocalStack) -> None:
        self.kills = 0
        self._stack = stack
        self._up = deque(range(REPLICAS))
        self._starting: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def of(cls, stack: LocalStack) -> AsyncIterator[Killer]:
        """At work until the block ends; then every replica is ready again."""
        killer = cls(stack)
        task = asyncio.create_task(killer._run())
        try:
            yield killer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(*killer._starting)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(KILL_EVERY)
            if len(self._up) > 1:
                index = self._up.popleft()
                restarting = asyncio.create_task(self._kill_and_restart(index))
                self._starting.add(restarting)
                self.kills += 1

    async def _kill_and_restart(self, index: int) -> None:
        await self._stack.kill("cart", index)
        await self._stack.restart("cart", index)
        self._up.append(index)
