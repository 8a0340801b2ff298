"""The composition root: the only file that names adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from cart_service.adapters.carts import CARTS, CartCodec
from cart_service.adapters.catalogue import PRODUCTS, CatalogueView
from cart_service.adapters.promotion_book import BUCKET, PromotionDelivery, WatchedPromotions
from cart_service.adapters.promotion_documents import PROMOTION_CLAIMS, PROMOTION_TALLIES, PROMOTIONS
from cart_service.adapters.promotions import StoredClaims, StoredPromotions, StoredTallies
from cart_service.adapters.version_board import BOARD, NatsVersionBoard
from cart_service.domain.cart import Cart
from cart_service.domain.price_policy import PricePolicy
from cart_service.ports import PromotionStores
from cart_service.service import CartService
from cart_service.service.versions import KnownVersions
from cart_service.settings import CartSettings
from cart_service.subscribers import subscribe
from shared.backends import Backends
from shared.events.outbox import Outbox, publish_to
from shared.events.ports import BucketConfig
from shared.http.pagination import CursorCodec
from shared.store.repository import AggregateRepository


@asynccontextmanager
async def bootstrap(settings: CartSettings, backends: Backends) -> AsyncIterator[CartService]:
    """Builds the use cases and what feeds them, and ends it in the opposite order."""
    async with AsyncExitStack() as stack:
        versions = KnownVersions(settings.cart_known_versions)
        carts = CartService(
            carts=await _open_carts(stack, settings, backends),
            promotions=await _open_promotions(stack, settings, backends),
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


async def _open_promotions(
    stack: AsyncExitStack, settings: CartSettings, backends: Backends
) -> PromotionStores:
    bucket = await backends.bus.bucket(BUCKET)
    book = WatchedPromotions(bucket)
    await book.start()
    stack.push_async_callback(book.close)
    outbox = Outbox(PromotionDelivery(backends.bus, bucket), clock=backends.clock)
    stores = backends.stores
    promotions = PromotionStores(
        promotions=StoredPromotions(await stores.open(PROMOTIONS), outbox),
        claims=StoredClaims(await stores.open(PROMOTION_CLAIMS)),
        tallies=StoredTallies(await stores.open(PROMOTION_TALLIES)),
        book=book,
        cursors=CursorCodec(settings.cursor_secret),
    )
    await outbox.start()
    stack.push_async_callback(outbox.close)
    return promotions


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
