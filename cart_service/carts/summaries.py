"""Cart summaries: kept in the cache, never served stale.

A cached summary holds its cart's version, the catalogue's revision it was built at, its products and ready
JSON. It is served only when

1. no newer version of the cart is known here: a write is answered only after the cache has the summary of
   that version or, failing that, after the version was announced to every replica;
2. announcements are not being missed now; while they may be, the store is asked for the cart's version;
3. none of its products changed after that revision, as far as this replica has heard of the catalogue;
4. no price in it has changed by time alone since (a hold or a promotion that ended), and a look at the cart
   is not yet due to keep it: whoever builds the summary renews the cart's life;
5. no newer version of the promotion of its code is known here.

What rule 1 leaves open: an announcement is kept before the write is answered, and reaches each replica a
moment later. While Redis is away from the writer and not from another replica, that one may serve the summary
of before for as long as its watch is behind, mostly some milliseconds. A bound would take an acknowledgement
by every replica, or a lease on what they know, which each write pays for while Redis is away from everybody.

Anything else is built from the store. The delivery of a write's events, which its document keeps until it was
made, sees to rule 1 once more, for a writer that died between its write and its cache. A cached value may
also be empty: it stands for "older than this version is outdated", and keeps a slower build from putting an
older summary back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from cart_service.carts.lifetimes import Renewal
from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository, Rendered, RenderSummary, VersionAnnouncements
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.pricer import Pricer
from cart_service.carts.single_flight import SingleFlight
from cart_service.carts.versions import KnownVersions, pack, unpack
from cart_service.catalogue.ports import Catalogue
from shared.cache.ports import Cache, Cached
from shared.clock import to_millis
from shared.errors import Unavailable

log = structlog.get_logger(__name__)

FORMAT = b"2"
"""Counted up whenever a `CachedSummary` is written differently."""


MOST_LINES_WRITTEN_THROUGH = 64
"""Of a cart whose writes put the new summary into the cache."""


class SummaryNotSecured(Unavailable):
    """Neither the cache nor the other replicas could be told that a cart has a newer version."""

    code = "summary-not-secured"


@dataclass(frozen=True, slots=True)
class CachedSummary:
    """The value in the cache: format, ETag, end of validity (milliseconds since 1970; 0: none), promo code
    with the version of its promotion (or nothing), product ids and body, one per line.

    The format is no part of the key: releases that run side by side would each secure a key that the other
    never reads. Under one key, what the other wrote outdates one's own.
    """

    cart_version: int
    revision: int
    etag: str
    valid_until: int
    promo: bytes
    ids: bytes
    body: bytes

    @classmethod
    def of(cls, cached: Cached) -> CachedSummary:
        """Raises ValueError for what another release, or anybody else, has put there."""
        form, etag, valid_until, promo, ids, body = cached.value.split(b"\n", 5)
        if form != FORMAT:
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


def _read(cached: Cached) -> CachedSummary | None:
    """None for what cannot be read: a miss, and the build writes over it."""
    try:
        return CachedSummary.of(cached)
    except ValueError:
        return None


class Summaries:
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
        self._ttl_seconds = ttl_seconds
        self._flights: SingleFlight[Rendered] = SingleFlight()
        self._puts: dict[str, asyncio.Future[None]] = {}

    async def get(self, owner: str) -> Rendered:
        """The summary of the owner's cart. Raises `StoreUnavailable`, `CatalogueUnavailable`."""
        arrived = self._flights.moment()
        cached = await self._cache.get(cache_key(owner))
        summary = _read(cached) if cached is not None and cached.value else None
        if summary is not None and await self._is_fresh(owner, summary):
            return summary.rendered()
        return await self._flights.run(owner, arrived, lambda: self._build(owner))

    async def secure(self, priced: PricedCart, revision: int) -> None:
        """Makes sure that no replica serves a summary older than this cart, as far as anything can be
        reached. One round trip, and none when that was done before. The summary of a long cart is left to its
        next reader: a write to such a cart shall not take much longer than any other."""
        cart = priced.cart
        self._carts.note_derived(cart.owner, priced.kept_bytes)
        if self._versions.is_secured(cart.owner, cart.version):
            return
        if len(priced.lines) <= MOST_LINES_WRITTEN_THROUGH:
            await self._keep(priced, revision)
        else:
            self._versions.heard(cart.owner, cart.version)
            self._tell(await self._put(cart.owner, pack(cart.version, 0), b""), cart.owner)

    async def outdate(self, owner: str, version: int) -> None:
        """Sees to it that no summary older than this version is served. Raises `SummaryNotSecured`.

        A write's own event is mostly delivered while the writer still waits for the cache, and need not do
        the same.
        """
        if put := self._puts.get(owner):
            await asyncio.wait([put])
        if not self._versions.is_secured(owner, version):
            await self._mark_outdated(owner, version)

    async def _mark_outdated(self, owner: str, version: int) -> None:
        self._versions.heard(owner, version)
        if not await self._put(owner, pack(version, 0), b""):
            raise SummaryNotSecured(f"Neither Redis nor NATS took version {version} of a cart.")

    async def forget(self, owner: str) -> None:
        """Drops the summary of a cart that is no more. Raises `SummaryNotSecured`."""
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
        """The cache refuses an older summary only while it has the newer one; and that may have been evicted
        while this one was built. That this replica has heard of the newer one does not help the others."""
        version = await self._stored_version(built.owner)
        if version > built.version:
            await self._mark_outdated(built.owner, version)
        elif (
            version < built.version
        ):  # removed meanwhile, and its summary with it, maybe before this one came
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
        value = FORMAT + head.encode() + summary.body
        self._tell(await self._put(cart.owner, pack(cart.version, revision), value), cart.owner)
        return summary

    def _tell(self, is_secured: bool, owner: str) -> None:
        if not is_secured:
            log.warning("other replicas could not be told of a cart's version", owner=owner)

    async def _put(self, owner: str, version: int, value: bytes) -> bool:
        done = self._puts[owner] = asyncio.get_running_loop().create_future()
        cart_version, _ = unpack(version)
        try:
            cached = await self._cache.set_if_newer(cache_key(owner), version, value, self._ttl_seconds)
            if secured := cached or await self._announcements.announce(owner, cart_version):
                self._versions.secured(owner, cart_version)
            return secured
        finally:
            done.set_result(None)
            if self._puts.get(owner) is done:
                del self._puts[owner]
