"""The end of a cart's life, over each store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from cart_service.carts.lines import Line
from cart_service.carts.model import Cart
from cart_service.carts.operations import AddItem
from cart_service.carts.service import CartWrite
from cart_service.carts.store import CARTS, CartCodec
from cart_service.carts.summaries import cache_key
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.settings import CartSettings
from cart_service.upkeep.store import StoredExpiringCarts
from cart_service.upkeep.sweep import ExpirySweep
from shared.aggregates.change import Change
from shared.aggregates.repository import AggregateRepository
from shared.cache.redis_cache import RedisCache
from shared.clock import to_rfc3339
from shared.events.envelope import Event
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from shared.store.ports import DocumentStore
from tests.cart_service.conftest import Catalogue
from tests.cart_service.replicas import running_replica
from tests.support.clock import MovableClock
from tests.support.servers import NatsServer
from tests.support.stores import HookedStore
from tests.support.waiting import eventually


class Lease:
    """Everybody's, or nobody's."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)

    async def acquire(self) -> bool:
        return self.answers.pop(0) if self.answers else True


@dataclass
class Life:
    """Carts in a store, and a clock that moves."""

    store: DocumentStore
    clock: MovableClock
    removed: list[str]

    @property
    def carts(self) -> AggregateRepository[Cart]:
        return AggregateRepository(self.store, CartCodec())

    async def cart(self, *, days: float = 1, **fields: Any) -> str:
        """A cart that expires in so many days."""
        line = Line("mug", 1, 100, to_rfc3339(self.clock.now()))
        end = to_rfc3339(self.clock.now() + timedelta(days=days))
        cart = Cart(new_id(), 5, {"mug": line}, expires_at=end, **fields)
        await self.carts.update(cart.owner, lambda _: Change(cart, None))
        return cart.owner

    def sweep(
        self, lease: Lease | None = None, batch: int = 200, store: Any = None
    ) -> Callable[[], Awaitable[int]]:
        async def on_removed(cart: Cart) -> None:
            self.removed.append(cart.owner)

        async def all_clear(_limit: int) -> bool:
            return False

        store = store or self.store
        carts = StoredExpiringCarts(AggregateRepository(store, CartCodec()))
        sweep = ExpirySweep(
            carts, lease or Lease(), on_removed, all_clear, clock=self.clock, batch=batch, interval_seconds=1
        )
        return sweep.sweep

    async def there(self, *owners: str) -> list[bool]:
        return [cart is not None for cart in await self.carts.get_many(owners)]


@pytest.fixture
async def life(store_factory) -> Life:
    return Life(await store_factory.open(CARTS), MovableClock(), [])


async def test_only_what_has_expired_is_removed(life: Life) -> None:
    old, young = await life.cart(days=1), await life.cart(days=3)
    kept = await life.carts.update("forever", lambda _: Change(Cart("forever", 1), "forever"))
    await life.store.refresh()
    assert await life.sweep()() == 0
    life.clock.ahead = timedelta(days=2)
    before = REGISTRY.get_sample_value("carts_expired_total") or 0
    assert await life.sweep()() == 1
    assert life.removed == [old]
    assert await life.there(old, young, kept) == [False, True, True]
    assert REGISTRY.get_sample_value("carts_expired_total") == before + 1
    await life.store.refresh()
    assert await life.sweep()() == 0


async def test_a_write_between_the_look_and_the_removal_keeps_the_cart(life: Life) -> None:
    owner = await life.cart()
    await life.store.refresh()
    life.clock.ahead = timedelta(days=2)
    later = to_rfc3339(life.clock.now() + timedelta(days=30))

    async def write() -> None:
        await life.carts.update(owner, lambda cart: Change(replace(cart, expires_at=later), None))

    assert await life.sweep(store=HookedStore(life.store, before=write))() == 0
    assert life.removed == []
    assert await life.there(owner) == [True]


async def test_what_the_search_does_not_know_yet_is_read_again(life: Life) -> None:
    owner = await life.cart()
    await life.store.refresh()
    life.clock.ahead = timedelta(days=2)
    carts = StoredExpiringCarts(life.carts)
    pages = [page async for page in carts.expired(life.clock.now(), 10)]
    assert pages == [[owner]]
    later = to_rfc3339(life.clock.now() + timedelta(days=1))
    await life.carts.update(owner, lambda cart: Change(replace(cart, expires_at=later), None))
    assert await carts.remove(owner, life.clock.now()) is None
    assert await life.there(owner) == [True]


async def test_a_cart_whose_events_wait_is_kept(life: Life) -> None:
    owner = await life.cart()
    document = await life.store.get(owner)
    assert document is not None
    event = Event.new("cart.updated", owner, 5, life.clock.now(), {}).to_json()
    pending = {**document.body, "pending_events": [event], "pending_since": event["time"]}
    version = await life.store.replace(owner, pending, document.version)
    await life.store.refresh()
    life.clock.ahead = timedelta(days=2)
    assert await life.sweep()() == 0
    await life.store.replace(owner, document.body, version)
    await life.store.refresh()
    assert await life.sweep()() == 1


async def test_of_two_sweeps_at_once_each_cart_is_removed_by_one(life: Life) -> None:
    owners = await asyncio.gather(*(life.cart() for _ in range(60)))
    await life.store.refresh()
    life.clock.ahead = timedelta(days=2)
    removed = await asyncio.gather(life.sweep(batch=20)(), life.sweep(batch=20)())
    assert sum(removed) == 60
    assert sorted(life.removed) == sorted(owners)


async def test_many_go_in_batches_as_long_as_the_lease_is_held(life: Life) -> None:
    owners = await asyncio.gather(*(life.cart(days=1 + n / 1000) for n in range(25)))
    await life.store.refresh()
    life.clock.ahead = timedelta(days=2)
    assert await life.sweep(Lease(False), batch=10)() == 0
    assert await life.sweep(Lease(True, False), batch=10)() == 10
    assert sorted(life.removed) == sorted(owners[:10]), "the oldest first"
    await life.store.refresh()
    assert await life.sweep(batch=10)() == 15


async def test_a_running_replica_sweeps_drops_the_summary_and_gives_the_code_back(
    backend_settings: dict[str, Any], nats_server: NatsServer
) -> None:
    clock = MovableClock()
    settings = CartSettings(**{**backend_settings, "nats_url": nats_server.url, "cart_sweep_seconds": 1})
    cache = RedisCache(settings.redis_url.get_secret_value(), timeout_seconds=5)
    async with (
        running_replica(settings, clock) as replica,
        running_replica(settings, clock) as other,
    ):
        owner, mug = new_id(), await Catalogue(nats_server.url).put()
        await replica.service.writer.write(CartWrite(owner, [AddItem(mug, 3)]))
        promotion = Promotion("SPRING", Percentage(10), Conditions(total_limit=5), "USD", "", clock.now())
        await replica.service.promotions.create(promotion)
        first = (await replica.service.promo_codes.put(CartWrite(owner, ()), "SPRING")).cart
        await other.service.reader.read(owner)
        assert await cache.get(cache_key(owner)) is not None

        async def gone() -> bool:
            await replica.store.refresh()
            return await replica.store.get(owner) is None and await cache.get(cache_key(owner)) is None

        async def given_back() -> bool:
            uses = (await replica.service.promotions.get("SPRING")).uses
            return uses is not None and uses.reserved == 0

        assert not await given_back()
        clock.ahead = timedelta(days=91)
        await eventually(gone)
        await eventually(given_back)
        clock.ahead = timedelta()
        for each in (replica, other):
            assert b'"items":[]' in (await each.service.summaries.get(owner)).body
        again = (await other.service.writer.write(CartWrite(owner, [AddItem(mug, 1)]))).cart
        assert again.quantity_of(mug) == 1
        assert again.version >= first.version
        assert b'"item_count":1' in (await replica.service.summaries.get(owner)).body
    await cache.close()


async def test_a_running_replica_gives_back_the_use_of_a_cart_whose_remover_died(
    backend_settings: dict[str, Any], nats_server: NatsServer
) -> None:
    clock = MovableClock()
    settings = CartSettings(**{**backend_settings, "nats_url": nats_server.url, "cart_sweep_seconds": 1})
    async with running_replica(settings, clock) as replica:
        gone, there = new_id(), new_id()
        promotion = Promotion("SPRING", Percentage(10), Conditions(total_limit=2), "USD", "", clock.now())
        await replica.service.promotions.create(promotion)
        for owner in (gone, there):
            await replica.service.promo_codes.put(CartWrite(owner, ()), "SPRING")
        await AggregateRepository(replica.store, CartCodec()).remove(gone)

        async def is_given_back() -> bool:
            uses = (await replica.service.promotions.get("SPRING")).uses
            return uses is not None and uses.reserved == 1

        assert not await is_given_back()
        clock.ahead = timedelta(minutes=16)
        await eventually(is_given_back)
        assert (await replica.service.promotion_audit.recount("SPRING", repair=False)).is_clean
