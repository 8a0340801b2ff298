"""The whole shop as the checks see it, and all checks. The services may run at the same time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from auth_service.auditing import open_audited
from auth_service.mail.store import NOTICES, StoredNotices
from cart_service.bootstrap import OperatorTools, open_operator_tools
from cart_service.promotions.view import PROMOTION_ENTRIES
from cart_service.settings import CartSettings
from product_service.bootstrap import ProductStorage, open_product_storage
from shared.aggregates.outbox import Outbox
from shared.backends import Backends, open_backends_within
from shared.cache.ports import Cache, CacheUnavailable
from shared.clock import Clock, SystemClock
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.events.ports import Bucket, EventBus
from shared.store.ports import DocumentStore
from trolley.environment import require_servers, require_store, settings_from
from trolley.verify.carts import Announcements, CartProducts, SummariesCheck
from trolley.verify.findings import ConsistencyCheck
from trolley.verify.pending_events import PendingEvents
from trolley.verify.products import OrphanEntries, ProductEntriesCheck
from trolley.verify.promotions import PromotionEntries, PromotionUsesCheck

_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Shop:
    """`outboxes` are those of all collections whose documents hold events."""

    products: ProductStorage
    carts: OperatorTools
    promotion_entries: Bucket
    outboxes: Sequence[tuple[DocumentStore, Outbox]]
    bus: EventBus
    cache: Cache
    clock: Clock
    currency: str


@asynccontextmanager
async def open_shop(environment: Mapping[str, str], clock: Clock | None = None) -> AsyncIterator[Shop]:
    """Raises `CommandFailed` for an invalid setting, and `Unavailable`, which names the setting, for a server
    that does not answer."""
    require_store(environment)
    require_servers(environment, "NATS_URL", "REDIS_URL")
    settings = settings_from(CartSettings, environment)
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        opened = open_backends_within(_PATIENCE_SECONDS, settings, clock, name="operator")
        backends = await stack.enter_async_context(opened)
        await _require_cache(backends.cache)
        products = await stack.enter_async_context(open_product_storage(backends))
        carts = await stack.enter_async_context(open_operator_tools(settings, backends))
        kept = (carts.carts, carts.promotions)
        outboxes = [(products.store, products.outbox), *((each.store, each.outbox) for each in kept)]
        outboxes += await _open_auth(stack, backends)
        yield Shop(
            products=products,
            carts=carts,
            promotion_entries=await backends.bus.bucket(PROMOTION_ENTRIES),
            outboxes=outboxes,
            bus=backends.bus,
            cache=backends.cache,
            clock=clock,
            currency=settings.shop_currency,
        )


async def _open_auth(stack: AsyncExitStack, backends: Backends) -> Sequence[tuple[DocumentStore, Outbox]]:
    # The running shop mails the notices.
    notices = StoredNotices(await backends.stores.open(NOTICES), Outbox(_leave, clock=backends.clock))
    outboxes = (await open_audited(backends, notices)).outboxes
    for _, outbox in outboxes:
        stack.push_async_callback(outbox.close)
    return outboxes


async def _leave(_document_id: str, _events: Sequence[Event]) -> None:
    raise Unavailable("The shop mails notices.")


async def _require_cache(cache: Cache) -> None:
    if not await cache.ping():
        raise CacheUnavailable("Redis does not answer (REDIS_URL).")


def all_checks(shop: Shop, pending_seconds: float) -> list[ConsistencyCheck]:
    """Every check of `trolley verify`, causes before consequences: events before entries, entries before
    carts, and the cache at the end."""
    return [
        *(PendingEvents(store, outbox, shop.clock, pending_seconds) for store, outbox in shop.outboxes),
        ProductEntriesCheck(shop.products, shop.clock, pending_seconds),
        OrphanEntries(shop.products, shop.currency),
        PromotionEntries(shop.carts.promotions, shop.promotion_entries, shop.clock, pending_seconds),
        CartProducts(shop.carts, shop.products),
        PromotionUsesCheck(shop.carts),
        Announcements(shop.carts),
        SummariesCheck(shop.carts, shop.cache),
    ]
