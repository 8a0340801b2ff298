"""The composition root: the only file that names adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from cart_service.adapters.carts import CARTS, CartCodec
from cart_service.adapters.catalogue import PRODUCTS, CatalogueView
from cart_service.adapters.expiring_carts import StoredExpiringCarts
from cart_service.adapters.lease import LEASE_SECONDS, LEASES, NatsLease
from cart_service.adapters.version_board import BOARD, NatsVersionBoard
from cart_service.domain.cart import Cart
from cart_service.domain.price_policy import PricePolicy
from cart_service.service import CartService
from cart_service.service.expiry import ExpirySweep
from cart_service.service.inspection import SummaryInspection
from cart_service.service.pricer import Pricer
from cart_service.service.versions import KnownVersions
from cart_service.settings import CartSettings
from cart_service.subscribers import subscribe
from shared.backends import Backends
from shared.events.outbox import Outbox, publish_to
from shared.events.ports import Bucket, BucketConfig
from shared.events.tasks import cancel_all
from shared.ids import new_id
from shared.store.ports import DocumentStore
from shared.store.repository import AggregateRepository


@dataclass(frozen=True, slots=True)
class Operations:
    """What an operator's command works with. The outbox delivers what it writes; what others left behind it
    only relays when it is told to."""

    store: DocumentStore
    outbox: Outbox
    carts: AggregateRepository[Cart]
    announcements: Bucket
    service: CartService
    summaries: SummaryInspection


@dataclass(frozen=True, slots=True)
class _Kept:
    store: DocumentStore
    outbox: Outbox
    carts: AggregateRepository[Cart]


@asynccontextmanager
async def open_operations(settings: CartSettings, backends: Backends) -> AsyncIterator[Operations]:
    """The use cases without subscribers and relay, for as long as a command takes."""
    async with AsyncExitStack() as stack:
        kept = await _open_carts(stack, backends, hot_capacity=0)
        catalogue = await _open_catalogue(stack, settings, backends)
        versions = KnownVersions(settings.cart_known_versions)
        announcements = await backends.bus.bucket(_board_bucket(settings))
        board = NatsVersionBoard(announcements, backends.bus.connection, versions)
        policy = PricePolicy.parse(settings.cart_price_policy)
        pricer = Pricer(backends.clock, currency=settings.shop_currency, policy=policy)
        yield Operations(
            store=kept.store,
            outbox=kept.outbox,
            carts=kept.carts,
            announcements=announcements,
            service=_compose(
                settings, backends, carts=kept.carts, catalogue=catalogue, board=board, versions=versions
            ),
            summaries=SummaryInspection(kept.carts, catalogue, pricer, backends.cache, board),
        )


@asynccontextmanager
async def bootstrap(settings: CartSettings, backends: Backends) -> AsyncIterator[CartService]:
    """Builds the use cases and what feeds them, and ends it in the opposite order."""
    async with AsyncExitStack() as stack:
        versions = KnownVersions(settings.cart_known_versions)
        kept = await _open_carts(stack, backends, hot_capacity=settings.cart_hot_carts)
        await kept.outbox.start()
        catalogue = await _open_catalogue(stack, settings, backends)
        board = await _open_board(stack, settings, backends, versions)
        carts = _compose(
            settings, backends, carts=kept.carts, catalogue=catalogue, board=board, versions=versions
        )
        await subscribe(backends.bus, carts)
        await _start_sweep(stack, settings, backends, kept, carts)
        yield carts


def _compose(
    settings: CartSettings,
    backends: Backends,
    *,
    carts: AggregateRepository[Cart],
    catalogue: CatalogueView,
    board: NatsVersionBoard,
    versions: KnownVersions,
) -> CartService:
    return CartService(
        carts=carts,
        catalogue=catalogue,
        cache=backends.cache,
        board=board,
        versions=versions,
        clock=backends.clock,
        currency=settings.shop_currency,
        price_policy=PricePolicy.parse(settings.cart_price_policy),
        lifetimes=settings.lifetimes(),
        summary_ttl_seconds=settings.cart_summary_ttl_seconds,
    )


async def _open_carts(stack: AsyncExitStack, backends: Backends, *, hot_capacity: int) -> _Kept:
    store = await backends.stores.open(CARTS)
    outbox = Outbox(publish_to(backends.bus), clock=backends.clock)
    carts = AggregateRepository(store, CartCodec(), outbox, hot_capacity=hot_capacity)
    outbox.attach(carts, store)
    stack.push_async_callback(outbox.close)
    return _Kept(store, outbox, carts)


async def _open_catalogue(stack: AsyncExitStack, settings: CartSettings, backends: Backends) -> CatalogueView:
    bucket = await backends.bus.bucket(PRODUCTS)
    catalogue = CatalogueView(bucket, currency=settings.shop_currency, capacity=settings.cart_known_products)
    await catalogue.start()
    stack.push_async_callback(catalogue.close)
    return catalogue


async def _open_board(
    stack: AsyncExitStack, settings: CartSettings, backends: Backends, versions: KnownVersions
) -> NatsVersionBoard:
    bucket = await backends.bus.bucket(_board_bucket(settings))
    board = NatsVersionBoard(bucket, backends.bus.connection, versions)
    await board.start()
    stack.push_async_callback(board.close)
    return board


async def _start_sweep(
    stack: AsyncExitStack, settings: CartSettings, backends: Backends, kept: _Kept, carts: CartService
) -> None:
    bucket = await backends.bus.bucket(BucketConfig(LEASES, ttl_seconds=LEASE_SECONDS))
    sweep = ExpirySweep(
        StoredExpiringCarts(kept.store, kept.carts),
        NatsLease(bucket, "cart-expiry", new_id()),
        carts.expired_cart_was_removed,
        clock=backends.clock,
        batch=settings.cart_sweep_batch,
        interval_seconds=settings.cart_sweep_seconds,
    )
    task = asyncio.create_task(sweep.run(), name="cart-expiry")
    stack.push_async_callback(cancel_all, [task])


def _board_bucket(settings: CartSettings) -> BucketConfig:
    return BucketConfig(BOARD, ttl_seconds=settings.cart_summary_ttl_seconds)
