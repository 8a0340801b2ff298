"""Cart summaries: kept in the cache, never served stale.

A cached summary holds its cart's version, the catalogue revision it was built at, its products and its JSON.
It is served only if it is not empty, has this release's format, and

1. this replica knows no newer version of the cart: a write is answered only after the cache holds the summary
   of its version or, if that fails, after the version was announced to every replica;
2. this replica misses no announcement. While it may miss one, it asks the store for the cart's version;
3. none of its products changed after its revision, as far as this replica has heard of the catalogue;
4. time alone has changed nothing that the cart shows (a hold or an undo ends, a promotion begins or ends),
   and the cart's life need not be renewed yet: building a summary renews it;
5. this replica knows no newer version of the promotion of its code.

Rule 1 leaves one gap. A write is answered once its announcement is kept, and the announcement reaches each
replica a moment later. If the writer cannot reach Redis and another replica can, that one may serve the older
summary until its watch catches up, usually some milliseconds. A bound would need an acknowledgement by every
replica, or a lease on what they know, and each write would pay for that while Redis is down.

Anything else is built from the store. A writer may die between its write and the cache: then the delivery of
its events, which its document keeps until they are delivered, secures the summary. A cached value may also be
empty. It means "summaries of older versions are outdated", and keeps a slower build from bringing one back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from cart_service.carts.lifetimes import Renewal
from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository, Rendered, RenderSummary, VersionAnnouncements
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.pricing import Pricer
from cart_service.carts.single_flight import SingleFlight
from cart_service.carts.versions import KnownVersions, pack, unpack
from cart_service.catalogue.ports import Catalogue
from shared.cache.ports import Cache, Cached
from shared.clock import to_millis
from shared.errors import Unavailable

log = structlog.get_logger(__name__)

MOST_LINES_WRITTEN_THROUGH = 64
"""Lines of a cart up to which a write puts the new summary into the cache."""


class SummaryNotSecured(Unavailable):
    """Neither the cache nor the announcements took a cart's newer version."""

    code = "summary-not-secured"


@dataclass(frozen=True, slots=True)
class CachedSummary:
    """The value in the cache: format, ETag, end of validity (milliseconds since 1970; 0: none), promo code
    with the version of its promotion (or nothing), product ids and body, one per line.

    The key does not contain the format. If it did, two releases that run side by side would each secure a key
    that the other never reads. With one key, a summary of one release outdates that of the other.
    """

    cart_version: int
    revision: int
    etag: str
    valid_until: int
    promo: bytes
    ids: bytes
    body: bytes

    @classmethod
    def of(cls, cached: Cached, form: bytes) -> CachedSummary:
        """Raises ValueError if the value has another format, such as that of another release."""
        found, etag, valid_until, promo, ids, body = cached.value.split(b"\n", 5)
        if found != form:
            raise ValueError("the summary is written in another format")
        return cls(*unpack(cached.version), etag.decode(), int(valid_until), promo, ids, body)

    def product_ids(self) -> list[str]:
        return self.ids.decode().split()

    def promo_code(self) -> tuple[str, int]:
        code, _, version = self.promo.decode().partition(" ")
        return code, int(version)

    def rendered(self) -> Rendered:
        return Rendered(self.body, self.etag, self.cart_version)


def cache_key(owner: str) -> str:
    return f"summary:{owner}"


class Summaries:
    """Builds, caches and serves summaries. `secure` and `outdate` keep rule 1 for writes."""

    def __init__(
        self,
        carts: CartRepository,
        catalogue: Catalogue,
        pricer: Pricer,
        renewal: Renewal,
        render: RenderSummary,
        *,
        cache: Cache,
        announcements: VersionAnnouncements,
        versions: KnownVersions,
        form: bytes,
        ttl_seconds: int,
    ) -> None:
        self._carts = carts
        self._catalogue = catalogue
        self._pricer = pricer
        self._renewal = renewal
        self._render = render
        self._cache = cache
        self._announcements = announcements
        self._versions = versions
        self._form = form
        self._ttl_seconds = ttl_seconds
        self._builds: SingleFlight[Rendered] = SingleFlight()
        self._puts: dict[str, asyncio.Future[None]] = {}

    async def get(self, owner: str) -> Rendered:
        """The summary of the owner's cart. Raises `StoreUnavailable`, `CatalogueUnavailable`."""
        arrived = self._builds.moment()
        cached = await self._cache.get(cache_key(owner))
        summary = self._read(cached) if cached is not None and cached.value else None
        if summary is not None and await self._is_fresh(owner, summary):
            return summary.rendered()
        return await self._builds.run(owner, arrived, lambda: self._build(owner))

    def _read(self, cached: Cached) -> CachedSummary | None:
        """None if the value is unreadable: the build replaces it."""
        try:
            return CachedSummary.of(cached, self._form)
        except ValueError:
            return None

    async def secure(self, priced: PricedCart, revision: int) -> None:
        """Makes sure that no replica serves a summary older than this cart, as far as Redis or NATS can be
        reached. One round trip, or none if this was done before. A long cart's summary is left to its next
        reader, so that writes to long carts are not much slower than others."""
        cart = priced.cart
        self._carts.note_derived(cart.owner, priced.kept_bytes)
        if self._versions.is_secured(cart.owner, cart.version):
            return
        if len(priced.lines) <= MOST_LINES_WRITTEN_THROUGH:
            await self._keep(priced, revision)
        else:
            self._versions.heard(cart.owner, cart.version)
            await self._put_or_warn(cart.owner, cart.version, 0, b"")

    async def outdate(self, owner: str, version: int) -> None:
        """Makes sure that no summary older than this version is served. Raises `SummaryNotSecured`.

        A write's event is usually delivered while its writer waits for the cache, so it waits for that first.
        """
        if put := self._puts.get(owner):
            await asyncio.wait([put])
        if not self._versions.is_secured(owner, version):
            await self._mark_outdated(owner, version)

    async def _mark_outdated(self, owner: str, version: int) -> None:
        self._versions.heard(owner, version)
        if not await self._put(owner, version, 0, b""):
            raise SummaryNotSecured(f"Neither Redis nor NATS took version {version} of a cart.")

    async def forget(self, owner: str) -> None:
        """Drops the summary of a removed cart. Raises `SummaryNotSecured`."""
        self._versions.forget(owner)
        if not await self._cache.delete(cache_key(owner)):
            raise SummaryNotSecured("Redis did not confirm that the summary is gone.")

    async def _is_fresh(self, owner: str, summary: CachedSummary) -> bool:
        if summary.cart_version < self._versions.newest(owner):
            return False
        if not self._catalogue.unchanged_since(summary.revision, summary.product_ids):
            return False
        if self._pricer.is_past(summary.valid_until):
            return False
        if summary.promo and not self._pricer.is_current(*summary.promo_code()):
            return False
        if self._announcements.connected:
            return True
        return await self._stored_version(owner) <= summary.cart_version

    async def _build(self, owner: str) -> Rendered:
        cart = await self._renewal.renew(await self._carts.get(owner) or Cart(owner))
        loaded = await self._catalogue.load(self._pricer.products_of(cart))
        await self._pricer.prepare(cart)
        priced = self._pricer.price(cart, loaded.products)
        self._carts.note_derived(owner, priced.kept_bytes)
        summary = await self._keep(priced, loaded.revision)
        await self._outdate_if_overtaken(cart)
        return summary

    async def _outdate_if_overtaken(self, built: Cart) -> None:
        """The cache refuses an older summary only while it holds the newer one, and it may have evicted that
        one during the build. This replica may know of the newer version, but others may not."""
        version = await self._stored_version(built.owner)
        if version > built.version:
            await self._mark_outdated(built.owner, version)
        elif version < built.version:  # the cart was removed, perhaps before this summary was put
            await self._cache.delete(cache_key(built.owner))

    async def _stored_version(self, owner: str) -> int:
        cart = await self._carts.get(owner)
        return cart.version if cart else 0

    async def _keep(self, priced: PricedCart, revision: int) -> Rendered:
        cart, summary = priced.cart, self._render(priced)
        self._versions.heard(cart.owner, cart.version)
        ends = [end for end in (priced.valid_until, self._renewal.begins_at(cart)) if end is not None]
        valid_until = to_millis(min(ends)) if ends else 0
        promo = f"{cart.promo_code} {priced.promo_code.version}" if priced.promo_code else ""
        head = f"\n{summary.etag}\n{valid_until}\n{promo}\n{' '.join(cart.lines)}\n"
        value = self._form + head.encode() + summary.body
        await self._put_or_warn(cart.owner, cart.version, revision, value)
        return summary

    async def _put_or_warn(self, owner: str, version: int, revision: int, value: bytes) -> None:
        if not await self._put(owner, version, revision, value):
            log.warning("other replicas could not be told of a cart's version", owner=owner)

    async def _put(self, owner: str, version: int, revision: int, value: bytes) -> bool:
        done = self._puts[owner] = asyncio.get_running_loop().create_future()
        packed = pack(version, revision)
        try:
            cached = await self._cache.set_if_newer(cache_key(owner), packed, value, self._ttl_seconds)
            if secured := cached or await self._announcements.announce(owner, version):
                self._versions.secured(owner, version)
            return secured
        finally:
            done.set_result(None)
            if self._puts.get(owner) is done:
                del self._puts[owner]
