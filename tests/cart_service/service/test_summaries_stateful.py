"""No interleaving of writes, price changes, slow reads, evictions and failures shows a stale summary."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cart_service.domain.operations import AddItem, RemoveItem
from cart_service.service import Write
from cart_service.service.summaries import cache_key
from cart_service.service.versions import unpack
from tests.cart_service.memory import MemoryBucket, Replica, start_replica

OWNER = "ann"
PRODUCTS = ["cup", "mug", "pot"]
replicas = st.integers(0, 1)
products = st.sampled_from(PRODUCTS)


class SummaryMachine(RuleBasedStateMachine):
    """Two replicas. A product's price is its entry's revision, so a price tells how new it is."""

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.bucket = MemoryBucket()
        for product in PRODUCTS:
            self.bucket.put_product(product)
        self.values: dict[str, Any] = {}
        self.answered = 0
        self.heard: list[dict[str, int]] = [{}, {}]
        self.slow: dict[int, tuple[asyncio.Task[Any], int, dict[str, int]]] = {}
        self.replicas = self.loop.run_until_complete(self._start_replicas())

    async def _start_replicas(self) -> list[Replica]:
        carts, boards = {}, []
        return [await start_replica(carts, self.bucket, self.values, boards) for _ in range(2)]

    @rule(replica=replicas, product=products, quantity=st.integers(1, 3))
    def add(self, replica: int, product: str, quantity: int) -> None:
        self._write(replica, AddItem(product, quantity))

    @rule(replica=replicas, product=products)
    def remove(self, replica: int, product: str) -> None:
        self._write(replica, RemoveItem(product))

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
        self._run(self.replicas[replica].service.cart_was_updated(OWNER, self.answered))

    @rule(replica=replicas)
    def read(self, replica: int) -> None:
        if replica not in self.slow:
            floor, prices = self.answered, self._heard(replica)
            self._check(self._run(self.replicas[replica].service.summary(OWNER)), floor, prices)

    @precondition(lambda self: len(self.slow) < 2)
    @rule(replica=replicas)
    def begin_slow_read(self, replica: int) -> None:
        if replica not in self.slow:
            self.replicas[replica].carts.pause()
            task = self.loop.create_task(self.replicas[replica].service.summary(OWNER))
            self.slow[replica] = (task, self.answered, self._heard(replica))
            self._run(self._settle())

    @rule(replica=replicas)
    def finish_slow_read(self, replica: int) -> None:
        if replica in self.slow:
            task, floor, prices = self.slow.pop(replica)
            self.replicas[replica].carts.resume()
            self._check(self._run(task), floor, prices)

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

    def _write(self, replica: int, operation: Any) -> None:
        written = self._run(self.replicas[replica].service.write(Write(OWNER, [operation])))
        self.answered = max(self.answered, written.rendered.version)

    def _heard(self, replica: int) -> dict[str, int]:
        """The newest price of each product that had reached the replica."""
        return dict(self.heard[replica])

    def _check(self, summary: Any, floor: int, prices: dict[str, int]) -> None:
        body = orjson.loads(summary.body)
        assert body["version"] >= floor
        for item in body["items"]:
            assert item["unit_price"] >= prices.get(item["product_id"], 0)

    async def _settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    def _run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)


SummaryMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestSummaries = SummaryMachine.TestCase
