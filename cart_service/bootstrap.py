"""The composition root: the only file that names adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cart_service.carts.deletions import KnownDeletions
from cart_service.carts.delivery import CartDelivery
from cart_service.carts.model import Cart
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.store import CARTS, CartCodec
from cart_service.carts.version_announcements import BOARD, NatsVersionAnnouncements
from cart_service.carts.versions import KnownVersions
from cart_service.catalogue.view import PRODUCTS, CatalogueView
from cart_service.live.grants import NatsStreamGrants
from cart_service.live.service import LiveCarts
from cart_service.live.tickets import StreamTickets
from cart_service.promotions.book import BUCKET, PromotionDelivery, WatchedPromotions
from cart_service.promotions.ports import PromotionStores
from cart_service.promotions.store import (
    PROMOTION_CLAIMS,
    PROMOTION_TALLIES,
    PROMOTIONS,
    StoredClaims,
    StoredPromotions,
    StoredTallies,
)
from cart_service.service import CartService
from cart_service.settings import CartSettings
from cart_service.subscribers import subscribe
from cart_service.upkeep.lease import LEASE_SECONDS, LEASES, NatsLease
from cart_service.upkeep.store import StoredCodeHolders, StoredExpiringCarts
from cart_service.upkeep.sweep import ExpirySweep
from shared.aggregates.outbox import Outbox
from shared.aggregates.repository import AggregateRepository
from shared.backends import Backends
from shared.events.ports import Bucket, BucketConfig
from shared.http.pagination import CursorCodec
from shared.ids import new_id
from shared.store.ports import DocumentStore

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class OperatorTools:
    """What an operator's command works with. The outboxes deliver what it writes; what others left behind
    they only relay when they are told to."""

    carts: OpenedRepository[AggregateRepository[Cart]]
    promotions: OpenedRepository[StoredPromotions]
    announcements: Bucket
    service: CartService


@dataclass(frozen=True, slots=True)
class OpenedRepository(Generic[R]):
    """A repository with its collection and its outbox."""

    store: DocumentStore
    outbox: Outbox
    repository: R


@asynccontextmanager
async def open_operations(settings: CartSettings, backends: Backends) -> AsyncIterator[OperatorTools]:
    """The use cases without subscribers and relay, for as long as a command takes."""
    async with AsyncExitStack() as stack:
        delivery = CartDelivery(backends.bus)
        carts = await _open_carts(stack, backends, delivery, hot_bytes=0)
        live = _live_carts(settings, backends)  # nobody opens any
        book = await _open_book(stack, backends, live)
        promotions = await _open_promotions(stack, backends)
        versions = KnownVersions(settings.known_versions)
        announcements = await backends.bus.bucket(_board_bucket(settings))
        service = _compose(
            settings,
            backends,
            carts=carts.repository,
            promotions=await _promotion_stores(settings, backends, promotions, book),
            holders=StoredCodeHolders(carts.store),
            catalogue=await _open_catalogue(stack, settings, backends, live),
            board=NatsVersionAnnouncements(announcements, backends.bus.connection, versions),
            versions=versions,
            live=live,
            deletions=KnownDeletions(),
        )
        delivery.attach(service.cart_was_updated)
        yield OperatorTools(carts=carts, promotions=promotions, announcements=announcements, service=service)


@asynccontextmanager
async def bootstrap(settings: CartSettings, backends: Backends) -> AsyncIterator[CartService]:
    """Builds the use cases and what feeds them, and ends it in the opposite order."""
    async with AsyncExitStack() as stack:

        async def run(name: str, work: Coroutine[Any, Any, None]) -> None:
            await stack.enter_async_context(backends.tasks.running(name, work))

        delivery = CartDelivery(backends.bus)
        carts = await _open_carts(stack, backends, delivery, hot_bytes=settings.cart_hot_carts_bytes)
        live = _live_carts(settings, backends)
        book = await _open_book(stack, backends, live)
        promotions = await _open_promotions(stack, backends)
        versions = KnownVersions(settings.known_versions, on_newer=live.cart_changed)
        board = await _open_board(settings, backends, versions, live)
        service = _compose(
            settings,
            backends,
            carts=carts.repository,
            promotions=await _promotion_stores(settings, backends, promotions, book),
            holders=StoredCodeHolders(carts.store),
            catalogue=await _open_catalogue(stack, settings, backends, live),
            board=board,
            versions=versions,
            live=live,
            deletions=KnownDeletions(on_heard=live.owner_deleted),
        )
        delivery.attach(service.cart_was_updated)
        stack.push_async_callback(board.close)
        await board.start(service.heard_of_deletion)
        await run("cart-versions", board.listen())
        live.attach(service.priced_cart)
        stack.push_async_callback(live.close)
        await run("live-carts", live.look_after())
        await run("live-carts-drain", live.drain(backends.draining))
        await carts.outbox.start(backends.tasks)
        await promotions.outbox.start(backends.tasks)
        await subscribe(backends.bus, service)
        sweep = await _create_sweep(settings, backends, carts, service)
        await run("cart-expiry", sweep.run())
        yield service


def _compose(
    settings: CartSettings,
    backends: Backends,
    *,
    carts: AggregateRepository[Cart],
    promotions: PromotionStores,
    holders: StoredCodeHolders,
    catalogue: CatalogueView,
    board: NatsVersionAnnouncements,
    versions: KnownVersions,
    live: LiveCarts,
    deletions: KnownDeletions,
) -> CartService:
    return CartService(
        carts=carts,
        promotions=promotions,
        holders=holders,
        catalogue=catalogue,
        cache=backends.cache,
        board=board,
        versions=versions,
        clock=backends.clock,
        currency=settings.shop_currency,
        price_policy=PricePolicy.parse(settings.cart_price_policy),
        lifetimes=settings.lifetimes(),
        live=live,
        stream_tickets=_stream_tickets(settings, backends),
        deletions=deletions,
        summary_ttl_seconds=settings.cart_summary_ttl_seconds,
    )


def _stream_tickets(settings: CartSettings, backends: Backends) -> StreamTickets:
    grants, per_minute = NatsStreamGrants(backends.bus), settings.cart_events_tickets_per_minute
    return StreamTickets(grants, backends.clock, backends.verifier.is_ended, per_minute=per_minute)


def _live_carts(settings: CartSettings, backends: Backends) -> LiveCarts:
    return LiveCarts(settings.live_limits(), backends.clock, backends.verifier.is_ended)


async def _open_carts(
    stack: AsyncExitStack, backends: Backends, delivery: CartDelivery, *, hot_bytes: int
) -> OpenedRepository[AggregateRepository[Cart]]:
    store = await backends.stores.open(CARTS)
    outbox = Outbox(delivery, clock=backends.clock)
    carts = AggregateRepository(store, CartCodec(), outbox, hot_bytes=hot_bytes)
    outbox.attach(carts, store)
    stack.push_async_callback(outbox.close)
    return OpenedRepository(store, outbox, carts)


async def _open_book(stack: AsyncExitStack, backends: Backends, live: LiveCarts) -> WatchedPromotions:
    book = WatchedPromotions(await backends.bus.bucket(BUCKET), on_change=live.promotion_changed)
    await book.start()
    stack.push_async_callback(book.close)
    return book


async def _open_promotions(stack: AsyncExitStack, backends: Backends) -> OpenedRepository[StoredPromotions]:
    store = await backends.stores.open(PROMOTIONS)
    outbox = Outbox(PromotionDelivery(backends.bus, await backends.bus.bucket(BUCKET)), clock=backends.clock)
    stack.push_async_callback(outbox.close)
    return OpenedRepository(store, outbox, StoredPromotions(store, outbox))


async def _promotion_stores(
    settings: CartSettings,
    backends: Backends,
    promotions: OpenedRepository[StoredPromotions],
    book: WatchedPromotions,
) -> PromotionStores:
    return PromotionStores(
        promotions=promotions.repository,
        claims=StoredClaims(await backends.stores.open(PROMOTION_CLAIMS)),
        tallies=StoredTallies(await backends.stores.open(PROMOTION_TALLIES)),
        book=book,
        cursors=CursorCodec(settings.cursor_secret),
    )


async def _open_catalogue(
    stack: AsyncExitStack, settings: CartSettings, backends: Backends, live: LiveCarts
) -> CatalogueView:
    bucket = await backends.bus.bucket(PRODUCTS)
    catalogue = CatalogueView(
        bucket,
        currency=settings.shop_currency,
        capacity=settings.known_products,
        most_bytes=settings.cart_known_products_bytes,
        on_change=live.product_changed,
        on_missed=live.anything_changed,
    )
    await catalogue.start()
    stack.push_async_callback(catalogue.close)
    return catalogue


async def _open_board(
    settings: CartSettings, backends: Backends, versions: KnownVersions, live: LiveCarts
) -> NatsVersionAnnouncements:
    bucket = await backends.bus.bucket(_board_bucket(settings))
    return NatsVersionAnnouncements(
        bucket, backends.bus.connection, versions, on_listening=live.anything_changed
    )


async def _create_sweep(
    settings: CartSettings,
    backends: Backends,
    carts: OpenedRepository[AggregateRepository[Cart]],
    service: CartService,
) -> ExpirySweep:
    bucket = await backends.bus.bucket(BucketConfig(LEASES, ttl_seconds=LEASE_SECONDS))
    return ExpirySweep(
        StoredExpiringCarts(carts.store, carts.repository),
        NatsLease(bucket, "cart-expiry", new_id()),
        service.expired_cart_was_removed,
        service.leftovers.clear_away,
        clock=backends.clock,
        batch=settings.cart_sweep_batch,
        interval_seconds=settings.cart_sweep_seconds,
    )


def _board_bucket(settings: CartSettings) -> BucketConfig:
    return BucketConfig(BOARD, ttl_seconds=settings.cart_summary_ttl_seconds)
