"""The use cases of a replica without HTTP, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cart_service.bootstrap import bootstrap
from cart_service.carts.store import CARTS
from cart_service.service import CartService
from cart_service.settings import CartSettings
from shared.backends import open_backends
from shared.cache.ports import Cache
from shared.clock import Clock
from shared.store.ports import DocumentStore


@dataclass
class Replica:
    service: CartService
    store: DocumentStore
    cache: Cache

    async def expires_at(self, owner: str) -> str | None:
        document = await self.store.get(owner)
        return document and document.body.get("expires_at")


@asynccontextmanager
async def running_replica(settings: CartSettings, clock: Clock) -> AsyncIterator[Replica]:
    async with (
        open_backends(settings, clock, name="cart") as backends,
        bootstrap(settings, backends) as service,
    ):
        yield Replica(service, await backends.stores.open(CARTS), backends.cache)
