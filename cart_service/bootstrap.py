"""The composition root: the only file that chooses adapters and builds the use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cart_service.carts.abandoned_reservations import AbandonedReservations
from cart_service.carts.cleanup import CartCleanup
from cart_service.carts.events import CartDelivery
from cart_service.carts.lifetimes import Renewal
from cart_service.carts.ports import CartRepository, VersionAnnouncements
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.pricing import Pricer
from cart_service.carts.promo_codes import PromoCodes
from cart_service.carts.reader import CartReader
from cart_service.carts.rendering import render_summary
from cart_service.carts.schemas import SUMMARY_FORMAT
from cart_service.carts.service import CartWriter
from cart_service.carts.store import CARTS, StoredCarts
from cart_service.carts.summaries import Summaries
from cart_service.carts.version_announcements import CART_VERSIONS, NatsVersionAnnouncements
from cart_service.carts.versions import KnownDeletions, KnownVersions
from cart_service.catalogue.ports import Catalogue
from cart_service.catalogue.view import PRODUCTS, CatalogueView
from cart_service.changes import ChangeHub
from cart_service.export.service import CartExport
from cart_service.live.grants import NatsStreamGrants
from cart_service.live.ports import StreamGrants
from cart_service.live.service import LiveCarts
from cart_service.live.tickets import StreamTickets
from cart_service.merging.service import CartMerger
from cart_service.promotions.ports import PromotionStores
from cart_service.promotions.service import Promotions
from cart_service.promotions.store import (
    PROMOTION_CLAIMS,
    PROMOTION_TALLIES,
    PROMOTIONS,
    StoredClaims,
    StoredPromotions,
    StoredTallies,
)
from cart_service.promotions.uses import PromotionUses
from cart_service.promotions.view import PROMOTION_ENTRIES, WatchedPromotions
from cart_service.service import CartService
from cart_service.settings import CartSettings
from cart_service.subscribers import subscribe
from cart_service.upkeep.inspection import SummaryInspection
from cart_service.upkeep.lease import LEASE_SECONDS, LEASES, NatsLease
from cart_service.upkeep.ports import CodeHolders
from cart_service.upkeep.promotion_audit import PromotionAudit
from cart_service.upkeep.store import StoredCodeHolders, StoredExpiringCarts
from cart_service.upkeep.sweep import ExpirySweep
from cart_service.upkeep.unreserved_carts import UnreservedCarts
from shared.aggregates.outbox import Outbox
from shared.backends import Backends
from shared.cache.ports import Cache
from shared.clock import Clock
from shared.events.exports import answer_exports
from shared.events.ports import Bucket, BucketConfig
from shared.events.projections import EntryDelivery
from shared.ids import new_id
from shared.store.ports import DocumentStore

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Adapters:
    """The ports of the use cases. `is_ended` says whether a session was ended."""

    carts: CartRepository
    holders: CodeHolders
    promotions: PromotionStores
    catalogue: Catalogue
    cache: Cache
    announcements: VersionAnnouncements
    versions: KnownVersions
    deletions: KnownDeletions
    changes: ChangeHub
    grants: StreamGrants
    is_ended: Callable[[str], bool]
    clock: Clock


@dataclass(frozen=True, slots=True)
class OpenedRepository(Generic[R]):
    """A repository with its collection and its outbox."""

    store: DocumentStore
    outbox: Outbox
    repository: R


@dataclass(frozen=True, slots=True)
class OperatorTools:
    """The use cases, and the repositories and buckets that an operator's command needs. Nothing runs in the
    background: the outboxes deliver the events of writes made here, and no others until they are started."""

    carts: OpenedRepository[StoredCarts]
    promotions: OpenedRepository[StoredPromotions]
    announcements: Bucket
    version_announcements: NatsVersionAnnouncements
    service: CartService


@asynccontextmanager
async def bootstrap(settings: CartSettings, backends: Backends) -> AsyncIterator[CartService]:
    """The use cases, their subscribers and their background tasks. Everything ends in the opposite order."""
    async with AsyncExitStack() as stack:

        async def run(name: str, work: Coroutine[Any, Any, None]) -> None:
            await stack.enter_async_context(backends.tasks.running(name, work))

        opened = open_operator_tools(settings, backends, hot_bytes=settings.cart_hot_carts_bytes)
        tools = await stack.enter_async_context(opened)
        announcements, service, live = tools.version_announcements, tools.service, tools.service.live
        stack.push_async_callback(announcements.close)
        await announcements.start()
        await run("cart-versions", announcements.listen())
        stack.push_async_callback(live.close)
        await run("live-carts", live.supervise())
        await run("live-carts-drain", live.drain(backends.draining))
        await tools.carts.outbox.start(backends.tasks)
        await tools.promotions.outbox.start(backends.tasks)
        await subscribe(backends.bus, service)
        await run("cart-exports", answer_exports(backends.bus, "cart", service.export.data_of))
        await run("cart-expiry", (await _create_sweep(settings, backends, tools)).run())
        yield service


@asynccontextmanager
async def open_operator_tools(
    settings: CartSettings, backends: Backends, *, hot_bytes: int = 0
) -> AsyncIterator[OperatorTools]:
    """The use cases without subscribers and background tasks, for as long as a command takes."""
    async with AsyncExitStack() as stack:
        changes = ChangeHub()
        carts = await _open_carts(stack, backends, changes, hot_bytes=hot_bytes)
        promotions, promotion_stores = await _open_promotions(stack, backends, changes)
        versions = KnownVersions(settings.known_versions, changes)
        bucket = await backends.bus.bucket(
            BucketConfig(CART_VERSIONS, ttl_seconds=settings.cart_summary_ttl_seconds)
        )
        announcements = NatsVersionAnnouncements(bucket, backends.bus, versions, changes)
        adapters = Adapters(
            carts=carts.repository,
            holders=StoredCodeHolders(carts.repository),
            promotions=promotion_stores,
            catalogue=await _open_catalogue(stack, settings, backends, changes),
            cache=backends.cache,
            announcements=announcements,
            versions=versions,
            deletions=KnownDeletions(),
            changes=changes,
            grants=NatsStreamGrants(backends.bus),
            is_ended=backends.verifier.is_ended,
            clock=backends.clock,
        )
        yield OperatorTools(carts, promotions, bucket, announcements, compose(settings, adapters))


def compose(settings: CartSettings, adapters: Adapters) -> CartService:
    """The use cases over these adapters."""
    carts, catalogue, clock, stores = adapters.carts, adapters.catalogue, adapters.clock, adapters.promotions
    lifetimes, currency = settings.lifetimes(), settings.shop_currency
    uses = PromotionUses(stores.claims, stores.tallies, clock)
    promotions = Promotions(stores, uses, catalogue, clock, currency=currency)
    policy = PricePolicy.parse(settings.cart_price_policy)
    pricer = Pricer(clock, promotions, currency=currency, policy=policy)
    renewal = Renewal(carts, lifetimes, clock)
    summaries = _create_summaries(settings, adapters, pricer, renewal)
    writer = CartWriter(
        carts, catalogue, pricer, summaries, give_back=uses.give_back, clock=clock, lifetimes=lifetimes
    )
    abandoned = AbandonedReservations(carts, stores.claims, uses, clock)
    promo_codes = PromoCodes(promotions, uses, abandoned, writer, clock)
    unreserved = UnreservedCarts(carts, stores, uses, abandoned, writer, holders=adapters.holders)
    reader = CartReader(carts, catalogue, pricer, renewal, summaries)
    live = LiveCarts(settings.live_limits(), clock, adapters.is_ended, reader.read)
    cleanup = _create_cleanup(settings, adapters, summaries, uses, abandoned)
    adapters.changes.subscribe(live)
    adapters.changes.subscribe(cleanup)
    per_minute = settings.cart_events_tickets_per_minute
    return CartService(
        reader=reader,
        summaries=summaries,
        writer=writer,
        merger=CartMerger(carts, writer, promo_codes.carry_over),
        promo_codes=promo_codes,
        promotions=promotions,
        live=live,
        stream_tickets=StreamTickets(adapters.grants, clock, adapters.is_ended, per_minute=per_minute),
        cleanup=cleanup,
        uses=uses,
        abandoned_reservations=abandoned,
        inspection=SummaryInspection(carts, catalogue, pricer, adapters.cache, adapters.announcements),
        promotion_audit=PromotionAudit(stores, abandoned, unreserved),
        export=CartExport(carts, stores.claims),
    )


def _create_summaries(
    settings: CartSettings, adapters: Adapters, pricer: Pricer, renewal: Renewal
) -> Summaries:
    return Summaries(
        adapters.carts,
        adapters.catalogue,
        pricer,
        renewal,
        render_summary,
        cache=adapters.cache,
        announcements=adapters.announcements,
        versions=adapters.versions,
        form=SUMMARY_FORMAT,
        ttl_seconds=settings.cart_summary_ttl_seconds,
    )


def _create_cleanup(
    settings: CartSettings,
    adapters: Adapters,
    summaries: Summaries,
    uses: PromotionUses,
    abandoned: AbandonedReservations,
) -> CartCleanup:
    return CartCleanup(
        adapters.carts,
        summaries,
        uses,
        abandoned,
        versions=adapters.versions,
        deletions=adapters.deletions,
        lifetimes=settings.lifetimes(),
        clock=adapters.clock,
    )


async def _open_carts(
    stack: AsyncExitStack, backends: Backends, changes: ChangeHub, *, hot_bytes: int
) -> OpenedRepository[StoredCarts]:
    store = await backends.stores.open(CARTS)
    outbox = Outbox(CartDelivery(backends.bus, changes), clock=backends.clock)
    carts = StoredCarts(store, outbox, hot_bytes=hot_bytes)
    stack.push_async_callback(outbox.close)
    return OpenedRepository(store, outbox, carts)


async def _open_promotions(
    stack: AsyncExitStack, backends: Backends, changes: ChangeHub
) -> tuple[OpenedRepository[StoredPromotions], PromotionStores]:
    bucket = await backends.bus.bucket(PROMOTION_ENTRIES)
    known = WatchedPromotions(bucket, changes)
    await known.start()
    stack.push_async_callback(known.close)
    store = await backends.stores.open(PROMOTIONS)
    outbox = Outbox(EntryDelivery(backends.bus, bucket), clock=backends.clock)
    stack.push_async_callback(outbox.close)
    promotions = StoredPromotions(store, outbox)
    stores = PromotionStores(
        promotions=promotions,
        claims=StoredClaims(await backends.stores.open(PROMOTION_CLAIMS)),
        tallies=StoredTallies(await backends.stores.open(PROMOTION_TALLIES)),
        known=known,
    )
    return OpenedRepository(store, outbox, promotions), stores


async def _open_catalogue(
    stack: AsyncExitStack, settings: CartSettings, backends: Backends, changes: ChangeHub
) -> CatalogueView:
    catalogue = CatalogueView(
        await backends.bus.bucket(PRODUCTS),
        changes,
        currency=settings.shop_currency,
        capacity=settings.known_products,
        most_bytes=settings.cart_known_products_bytes,
    )
    await catalogue.start()
    stack.push_async_callback(catalogue.close)
    return catalogue


async def _create_sweep(settings: CartSettings, backends: Backends, tools: OperatorTools) -> ExpirySweep:
    bucket = await backends.bus.bucket(BucketConfig(LEASES, ttl_seconds=LEASE_SECONDS))
    return ExpirySweep(
        StoredExpiringCarts(tools.carts.repository),
        NatsLease(bucket, "cart-expiry", new_id()),
        tools.service.cleanup.expired_cart_was_removed,
        tools.service.abandoned_reservations.clear_away,
        clock=backends.clock,
        batch=settings.cart_sweep_batch,
        interval_seconds=settings.cart_sweep_seconds,
    )
