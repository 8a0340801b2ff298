"""The composition root: the only file that names adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from cart_service.adapters.carts import CARTS, CartCodec
from cart_service.adapters.catalogue import PRODUCTS, CatalogueView
from cart_service.adapters.version_board import BOARD, NatsVersionBoard
from cart_service.domain.cart import Cart
from cart_service.domain.price_policy import PricePolicy
from cart_service.service import CartService
from cart_service.service.versions import KnownVersions
from cart_service.settings import CartSettings
from cart_service.subscribers import subscribe
from shared.backends import Backends
from shared.events.outbox import Outbox, publish_to
from shared.events.ports import BucketConfig
from shared.store.repository import AggregateRepository


@asynccontextmanager
async def bootstrap(settings: CartSettings, backends: Backends) -> AsyncIterator[CartService]:
    """Builds the use cases and what feeds them, and ends it in the opposite order."""
    async with AsyncExitStack() as stack:
        versions = KnownVersions(settings.cart_known_versions)
        carts = CartService(
            carts=await _open_carts(stack, settings, backends),
            catalogue=await _open_catalogue(stack, settings, backends),
            cache=backends.cache,
            board=await _open_board(stack, settings, backends, versions),
            versions=versions,
            clock=backends.clock,
            currency=settings.shop_currency,
            price_policy=PricePolicy.parse(settings.cart_price_policy),
            lifetimes=settings.lifetimes(),
            summary_ttl_seconds=settings.cart_summary_ttl_seconds,
        )
        await subscribe(backends.bus, carts)
        yield carts


async def _open_carts(
    stack: AsyncExitStack, settings: CartSettings, backends: Backends
) -> AggregateRepository[Cart]:
    store = await backends.stores.open(CARTS)
    outbox = Outbox(publish_to(backends.bus), clock=backends.clock)
    carts = AggregateRepository(store, CartCodec(), outbox, hot_capacity=settings.cart_hot_carts)
    outbox.attach(carts, store)
    await outbox.start()
    stack.push_async_callback(outbox.close)
    return carts


async def _open_catalogue(stack: AsyncExitStack, settings: CartSettings, backends: Backends) -> CatalogueView:
    bucket = await backends.bus.bucket(PRODUCTS)
    catalogue = CatalogueView(bucket, currency=settings.shop_currency, capacity=settings.cart_known_products)
    await catalogue.start()
    stack.push_async_callback(catalogue.close)
    return catalogue


async def _open_board(
    stack: AsyncExitStack, settings: CartSettings, backends: Backends, versions: KnownVersions
) -> NatsVersionBoard:
    bucket = await backends.bus.bucket(BucketConfig(BOARD, ttl_seconds=settings.cart_summary_ttl_seconds))
    board = NatsVersionBoard(bucket, backends.bus.connection, versions)
    await board.start()
    stack.push_async_callback(board.close)
    return board
