"""No interleaving of writes, price changes, slow reads, evictions and failures shows a stale summary."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cart_service.carts.model import Cart
from cart_service.carts.operations import AddItem, RemoveItem
from cart_service.carts.records import MergeStrategy
from cart_service.carts.service import CartChanged, CartWrite
from cart_service.carts.summaries import cache_key
from cart_service.carts.versions import unpack
from cart_service.merging.service import Merge
from cart_service.promotions.errors import PromoCodeEnded
from cart_service.promotions.model import Conditions, Percentage, Promotion
from shared.http.etag import parse_entity_tags
from tests.cart_service.memory import Replica, Shop
from tests.cart_service.memory_promotions import promotion_entry

OWNER, GUEST = "ann", "guest"
PRODUCTS = ["cup", "mug", "pot"]
CODES = ["SPRING", "SUMMER"]
replicas = st.integers(0, 1)
keys = st.sampled_from(["k", "l"])
codes = st.sampled_from(CODES)
products = st.sampled_from(PRODUCTS)


@dataclass(frozen=True)
class Known:
    """What a replica could know when a read began: the newest answered version that Redis or an announcement
    had informed it of, the newest price of each product, and the codes whose end had reached it or come with
    time."""

    replica: int
    version: int
    prices: dict[str, int]
    over: frozenset[str]


class SummaryMachine(RuleBasedStateMachine):
    """Two replicas. A product's price is its entry's revision, so a price tells how new it is."""

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.shop = Shop()
        self.bucket, self.values = self.shop.bucket, self.shop.values
        for product in PRODUCTS:
            self.bucket.put_product(product)
        self.shop.announcements.lag = True
        self.answered, self.informed = 0, [0, 0]
        self.ends_heard: list[set[str]] = [set(), set()]
        for code in CODES:
            self._keep(Promotion(code, Percentage(10), Conditions(), "USD", "", self.shop.clock.moment))
        self.heard: list[dict[str, int]] = [{}, {}]
        self.slow: dict[int, tuple[asyncio.Task[Any], Known]] = {}
        self.replicas = self.loop.run_until_complete(self._start_replicas())

    async def _start_replicas(self) -> list[Replica]:
        return [await self.shop.replica() for _ in range(2)]

    def _keep(self, promotion: Promotion) -> None:
        """As the use case does it: first the store, then the bucket."""
        self.shop.kept.promotions[promotion.code] = promotion
        self.shop.promotion_bucket.put_raw(promotion.code, promotion_entry(promotion))

    @rule(replica=replicas, code=codes)
    def put_code(self, replica: int, code: str) -> None:
        with suppress(PromoCodeEnded):
            written = self._run(self.replicas[replica].service.promo_codes.put(CartWrite(OWNER, ()), code))
            self._answer(replica, written.cart.version)

    @rule(code=codes)
    def end_promotion(self, code: str) -> None:
        self._keep(self.shop.kept.promotions[code].ended(self.shop.clock.moment))

    @rule(code=codes)
    def let_time_end_a_promotion(self, code: str) -> None:
        promotion = self.shop.kept.promotions[code]
        if promotion.effective_end is None:  # an end is never put off
            end = self.shop.clock.moment + timedelta(minutes=1)
            conditions = replace(promotion.conditions, ends_at=end)
            self._keep(replace(promotion, conditions=conditions, version=promotion.version + 1))
            for replica in (0, 1):
                self.hear_of_promotions(replica)

    @rule()
    def let_a_minute_pass(self) -> None:
        self.shop.clock.moment += timedelta(minutes=1)

    @rule(replica=replicas)
    def hear_of_promotions(self, replica: int) -> None:
        self.replicas[replica].promotion_watch.deliver()
        now = self.shop.clock.moment
        kept = self.shop.kept.promotions.values()
        self.ends_heard[replica] |= {it.code for it in kept if it.ended_at and it.ended_at <= now}

    @rule(replica=replicas, product=products, quantity=st.integers(1, 3))
    def add(self, replica: int, product: str, quantity: int) -> None:
        self._write(replica, AddItem(product, quantity))

    @rule(replica=replicas, product=products)
    def remove(self, replica: int, product: str) -> None:
        self._write(replica, RemoveItem(product))

    @rule(replica=replicas, product=products, behind=st.integers(0, 2))
    def add_if_match(self, replica: int, product: str, behind: int) -> None:
        """A refusal tells a version, too."""
        stored = self.shop.carts.get(OWNER, Cart(OWNER))
        condition = parse_entity_tags(f'"{stored.version - behind}"')
        try:
            self._write(replica, AddItem(product, 1), if_match=condition)
        except CartChanged as refused:
            self._answer(replica, refused.priced.cart.version)

    @rule(replica=replicas, product=products)
    def fill_guests_cart(self, replica: int, product: str) -> None:
        self._run(self.replicas[replica].service.writer.write(CartWrite(GUEST, [AddItem(product, 1)])))

    @rule(replica=replicas, key=keys, dry_run=st.booleans())
    def merge(self, replica: int, key: str, dry_run: bool) -> None:
        """Under one of few keys, so that it is mostly a repeat."""
        if replica not in self.slow:
            request = Merge(OWNER, GUEST, MergeStrategy.SUM, dry_run, None if dry_run else key)
            merged = self._run(self.replicas[replica].service.merger.merge(request))
            self._answer(replica, merged.written.cart.version)

    @rule(product=products)
    def change_price(self, product: str) -> None:
        self.bucket.put_product(product)

    @rule(replica=replicas, product=products)
    def change_price_and_hear_of_it(self, replica: int, product: str) -> None:
        self.bucket.put_product(product)
        self.hear_of_prices(replica)

    @rule(replica=replicas)
    def hear_of_prices(self, replica: int) -> None:
        watch = self.replicas[replica].watch
        self.heard[replica] |= {entry.key: entry.revision for entry in self.bucket.log[watch.revision :]}
        watch.deliver()

    @rule(replica=replicas)
    def hear_announcements(self, replica: int) -> None:
        self.replicas[replica].announcements.deliver()
        self.informed[replica] = max(self.informed[replica], self._announced())

    @rule(replica=replicas)
    def miss_price_changes(self, replica: int) -> None:
        self.replicas[replica].watch.miss()

    @rule()
    def evict(self) -> None:
        self.values.pop(cache_key(OWNER), None)

    @rule(replica=replicas)
    def lose_or_regain_redis(self, replica: int) -> None:
        cache = self.replicas[replica].cache
        cache.available = not cache.available

    @rule(replica=replicas)
    def handle_durable_event(self, replica: int) -> None:
        self._run(self.replicas[replica].service.cleanup.cart_written(OWNER, self.answered))

    @rule(replica=replicas)
    def read(self, replica: int) -> None:
        if replica not in self.slow:
            known = self._heard(replica)
            self._check(self._run(self.replicas[replica].service.summaries.get(OWNER)), known)

    @precondition(lambda self: len(self.slow) < 2)
    @rule(replica=replicas)
    def begin_slow_read(self, replica: int) -> None:
        if replica not in self.slow:
            self.replicas[replica].carts.pause()
            task = self.loop.create_task(self.replicas[replica].service.summaries.get(OWNER))
            self.slow[replica] = (task, self._heard(replica))
            self._run(self._settle())

    @rule(replica=replicas)
    def finish_slow_read(self, replica: int) -> None:
        if replica in self.slow:
            task, known = self.slow.pop(replica)
            self.replicas[replica].carts.resume()
            self._check(self._run(task), known)

    @invariant()
    def cache_holds_no_price_from_the_future(self) -> None:
        if hasattr(self, "values") and (cached := self.values.get(cache_key(OWNER))):
            assert unpack(cached.version)[1] <= self.bucket.revision

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            for replica in list(self.slow):
                self.finish_slow_read(replica)
            self._run(self._settle())
            self.loop.close()

    def _write(self, replica: int, operation: Any, **condition: Any) -> None:
        write = CartWrite(OWNER, [operation], **condition)
        written = self._run(self.replicas[replica].service.writer.write(write))
        self._answer(replica, written.cart.version)

    def _answer(self, replica: int, version: int) -> None:
        """Every replica has to know of it from now on, except where only an announcement tells of it: then
        each does once that has arrived."""
        self.informed[replica] = max(self.informed[replica], version)
        kept = self.values.get(cache_key(OWNER))
        is_in_redis = kept is not None and unpack(kept.version)[0] >= version
        if is_in_redis or self._announced() < version:
            self.answered = max(self.answered, version)

    def _announced(self) -> int:
        return self.shop.announcements.versions.get(OWNER, 0)

    def _heard(self, replica: int) -> Known:
        now = self.shop.clock.moment
        over = {
            it.code
            for it in self.shop.kept.promotions.values()
            if it.effective_end and it.effective_end <= now
        }
        by_time = {code for code in over if not self.shop.kept.promotions[code].ended_at}
        version = max(self.answered, self.informed[replica])
        ended = frozenset(self.ends_heard[replica] | by_time)
        return Known(replica, version, dict(self.heard[replica]), ended)

    def _check(self, summary: Any, known: Known) -> None:
        body = orjson.loads(summary.body)
        assert body["version"] >= known.version
        for item in body["items"]:
            assert item["unit_price"] >= known.prices.get(item["product_id"], 0)
        assert body["total"] == body["subtotal"] - sum(item["discount"] for item in body["items"])
        if body["promo_code"] and body["promo_code"]["code"] in known.over:
            assert (body["promo_code"]["reason"], body["discount"]) == ("ended", 0)

    async def _settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    def _run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)


SummaryMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestSummaries = SummaryMachine.TestCase
