"""The cart's ports kept in memory, with delays and failures at the test's command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from cart_service.bootstrap import Adapters, compose
from cart_service.carts.model import Cart
from cart_service.carts.versions import KnownDeletions, KnownVersions
from cart_service.catalogue.view import CatalogueView
from cart_service.changes import ChangeHub
from cart_service.promotions.view import WatchedPromotions
from cart_service.service import CartService
from cart_service.settings import CartSettings
from shared.aggregates.change import Change
from shared.cache.ports import Cached
from shared.events.envelope import Event
from shared.events.ports import BusUnavailable, Entry
from shared.store.ports import StoreUnavailable
from tests.cart_service.lanes import before_access
from tests.cart_service.memory_announcements import Announcements, MemoryAnnouncements
from tests.cart_service.memory_grants import MemoryGrants
from tests.cart_service.memory_promotions import Kept, MemoryHolders, memory_stores


class FirstSecond:
    """A clock at which the first version of a cart is 1; it stands still, and can be put on."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class MemoryCarts:
    """Carts shared by replicas. `pause` holds back the answer of each later read until `resume`."""

    def __init__(self, carts: dict[str, Cart]) -> None:
        self.reads = 0
        self.writes = 0
        self.events: list[Event] = []
        self._carts = carts
        self._fails_in: int | None = None
        self._is_written = True
        self._open = asyncio.Event()
        self._open.set()

    def fail_at(self, write: int, *, is_written: bool) -> None:
        """Makes the write after so many others fail, once; with `is_written` only its answer is lost."""
        self._fails_in, self._is_written = write, is_written

    def pause(self) -> None:
        self._open.clear()

    def resume(self) -> None:
        self._open.set()

    async def get(self, id: str) -> Cart | None:
        await before_access()
        self.reads += 1
        cart = self._carts.get(id)
        await self._open.wait()
        return cart

    async def update(self, id: str, change: Callable[[Cart | None], Change[Cart, Any]]) -> Any:
        await before_access()
        made = change(self._carts.get(id))
        if made.aggregate is None:
            return made.result
        fails = self._fails_in == 0
        if self._fails_in is not None:
            self._fails_in = None if fails else self._fails_in - 1
        if not fails or self._is_written:
            self.writes += 1
            self._carts[id] = made.aggregate
            self.events += made.events
        if fails:
            raise StoreUnavailable("cut off")
        return made.result

    async def remove(self, id: str) -> bool:
        await before_access()
        return self._carts.pop(id, None) is not None

    def note_derived(self, id: str, derived_bytes: int) -> None:
        """Nothing is hot here."""


@dataclass
class MemoryWatch:
    """Hands over what was put only when the test says so (`deliver`)."""

    bucket: MemoryBucket
    on_entry: Callable[[Entry], None]
    on_gap: Callable[[], None]
    revision: int
    connected: bool = True
    stopped: bool = False

    def deliver(self) -> None:
        for entry in [it for it in self.bucket.log if it.revision > self.revision]:
            self.on_entry(entry)
            self.revision = entry.revision

    def miss(self) -> None:
        """Loses what was not delivered yet."""
        self.on_gap()
        self.revision = self.bucket.revision

    async def stop(self) -> None:
        self.stopped = True


@dataclass
class MemoryBucket:
    log: list[Entry] = field(default_factory=list)
    watches: list[MemoryWatch] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    available: bool = True
    gate: asyncio.Event | None = None

    @property
    def revision(self) -> int:
        return len(self.log)

    async def get(self, key: str) -> Entry | None:
        self.gets.append(key)
        if not self.available:
            raise BusUnavailable("away")
        found = next((it for it in reversed(self.log) if it.key == key), None)
        if self.gate is not None:
            await self.gate.wait()
        return found

    async def put(self, key: str, value: bytes) -> int:
        self.log.append(Entry(key, len(self.log) + 1, value))
        return self.revision

    async def watch(self, on_entry, *, replay, on_gap=lambda: None) -> MemoryWatch:
        watch = MemoryWatch(self, on_entry, on_gap, 0 if replay else self.revision)
        self.watches.append(watch)
        return watch

    def put_product(self, id: str, **fields: Any) -> int:
        """Puts a product; without a price it costs as much as the entry's revision."""
        usual = {"name": id.title(), "image_url": None, "price": self.revision + 1, "currency": "USD"}
        body = {"id": id, **usual, "stock": 10_000, "status": "active", "version": 1, **fields}
        self.log.append(Entry(id, self.revision + 1, orjson.dumps(body)))
        return self.revision

    def put_raw(self, id: str, value: bytes | None) -> int:
        self.log.append(Entry(id, self.revision + 1, value))
        return self.revision


@dataclass
class MemoryCache:
    """A replica's way to the shared cache; `available` False cuts it off, `stuck` never answers a write."""

    values: dict[str, Cached] = field(default_factory=dict)
    available: bool = True
    stuck: bool = False
    writes: int = 0

    async def get(self, key: str) -> Cached | None:
        await asyncio.sleep(0)
        return self.values.get(key) if self.available else None

    async def set_if_newer(self, key: str, version: int, value: bytes, ttl_seconds: int) -> bool:
        self.writes += 1
        if self.stuck:
            await asyncio.Event().wait()
        if not self.available:
            return False
        present = self.values.get(key)
        if present is None or present.version <= version:
            self.values[key] = Cached(version, value)
        return True

    async def delete(self, key: str) -> bool:
        if self.available:
            self.values.pop(key, None)
        return self.available


@dataclass
class Replica:
    """One replica's use cases, over what it shares with others."""

    carts: MemoryCarts
    catalogue: CatalogueView
    cache: MemoryCache
    announcements: MemoryAnnouncements
    versions: KnownVersions
    service: CartService
    watch: MemoryWatch
    promotion_watch: MemoryWatch
    deletions: KnownDeletions


SETTINGS = CartSettings(cart_summary_ttl_seconds=60)
"""Made once: reading the environment takes longer than all else that a replica of these tests does."""


class Shop:
    """What replicas share: the store, the products, the promotions, Redis and the announcements."""

    def __init__(self) -> None:
        self.carts: dict[str, Cart] = {}
        self.bucket = MemoryBucket()
        self.kept = Kept()
        self.promotion_bucket = MemoryBucket()
        self.clock = FirstSecond()
        self.values: dict[str, Cached] = {}
        self.announcements = Announcements()

    async def replica(self, *, capacity: int = 1000) -> Replica:
        return await start_replica(self, capacity=capacity)


async def start_replica(shop: Shop, *, capacity: int) -> Replica:
    changes, deletions = ChangeHub(), KnownDeletions()
    versions = KnownVersions(1000, changes)
    catalogue = CatalogueView(shop.bucket, changes, currency="USD", capacity=capacity)
    await catalogue.start()
    known_promotions = WatchedPromotions(shop.promotion_bucket, changes)
    await known_promotions.start()
    repository, cache, announcements = (
        MemoryCarts(shop.carts),
        MemoryCache(shop.values),
        shop.announcements.join(versions),
    )
    adapters = Adapters(
        carts=repository,
        promotions=memory_stores(shop.kept, known_promotions),
        holders=MemoryHolders(shop.carts),
        catalogue=catalogue,
        cache=cache,
        announcements=announcements,
        versions=versions,
        deletions=deletions,
        changes=changes,
        grants=MemoryGrants(),
        is_ended=lambda _session: False,
        clock=shop.clock,
    )
    service = compose(SETTINGS, adapters)
    watches = shop.bucket.watches[-1], shop.promotion_bucket.watches[-1]
    return Replica(repository, catalogue, cache, announcements, versions, service, *watches, deletions)
