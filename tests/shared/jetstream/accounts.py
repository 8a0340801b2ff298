"""The shop's services on a NATS with the accounts of `nats/nats.conf`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from nats.aio.client import Client

from shared.events.ports import BucketConfig
from shared.jetstream.nats_bus import NatsEventBus
from shared.security.keyring import AUTH_KEYS
from shared.security.revocations import revocations_bucket
from shared.settings import ServiceSettings
from tests.support.events import an_event, running_bus
from tests.support.servers import NatsServerOfShop

PRODUCTS = BucketConfig("products")
VERSIONS = BucketConfig("cart_versions", ttl_seconds=900)
REVOCATIONS = revocations_bucket(ServiceSettings())
SERVICES = ["products", "cart"]


Connect = Callable[[str], Awaitable[Client]]
"""Connects as a user, with a bare client that keeps to no rules."""


class Buses:
    """The bus of each service, with its streams and buckets, each with one entry or fact."""

    def __init__(self, server: NatsServerOfShop) -> None:
        self.server = server
        self.auth: NatsEventBus
        self.products: NatsEventBus
        self.cart: NatsEventBus

    async def open(self, stack: AsyncExitStack) -> None:
        self.auth = await stack.enter_async_context(running_bus(self.server.url_of("auth")))
        self.products = await stack.enter_async_context(running_bus(self.server.url_of("products")))
        self.cart = await stack.enter_async_context(running_bus(self.server.url_of("cart")))
        for bus, config in (
            (self.auth, AUTH_KEYS),
            (self.auth, REVOCATIONS),
            (self.products, PRODUCTS),
            (self.cart, VERSIONS),
        ):
            await (await bus.bucket(config)).put("first", b'{"version":1}')
        await self.auth.publish(an_event("user.registered"))
        await self.products.publish(an_event("product.updated"))
        await self.cart.publish(an_event("cart.updated"))
