"""No crash of a replica and no loss of Redis's data makes a summary stale, either."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from cart_service.carts.operations import AddItem
from cart_service.carts.records import MergeStrategy
from cart_service.carts.service import CartWrite
from cart_service.merging.service import Merge
from shared.store.ports import StoreUnavailable
from tests.cart_service.carts.test_summaries_stateful import (
    GUEST,
    OWNER,
    Known,
    SummaryMachine,
    keys,
    products,
    replicas,
)


class CrashMachine(SummaryMachine):
    """What happens without crashes, and crashes. What a read has shown counts as answered, too.

    Promotions are left to the other machine: with fewer rules the rare orders come up sooner.
    """

    put_code = end_promotion = let_time_end_a_promotion = let_a_minute_pass = hear_of_promotions = None

    @rule(replica=replicas)
    def die(self, replica: int) -> None:
        """The replica loses its memory, and starts again."""
        if replica not in self.slow:
            self.replicas[replica].announcements.leave()
            self.replicas[replica] = self._run(self.shop.replica())
            self.informed[replica] = self._announced()
            self.heard[replica] = {entry.key: entry.revision for entry in self.bucket.log}

    @rule(replica=replicas, product=products, quantity=st.integers(1, 3))
    def die_between_store_and_cache(self, replica: int, product: str, quantity: int) -> None:
        """The write is in the store; neither the cache, nor another replica, nor the client hears of it."""
        if replica not in self.slow:
            dying = self.replicas[replica]
            dying.cache.stuck = True
            write = CartWrite(OWNER, [AddItem(product, quantity)])
            task = self.loop.create_task(dying.service.writer.write(write))
            self._run(self._settle())
            assert not task.done()
            task.cancel()
            self._run(self._settle())
            self.die(replica)

    @rule(replica=replicas, product=products, key=keys)
    def die_in_a_merge(self, replica: int, product: str, key: str) -> None:
        """The customer's cart has taken in the guest's, and nobody hears of it; a repeat is a replay."""
        if replica not in self.slow:
            dying = self.replicas[replica]
            self._run(dying.service.writer.write(CartWrite(GUEST, [AddItem(product, 1)])))
            dying.carts.fail_at(1, is_written=True)
            with suppress(StoreUnavailable):
                self._run(dying.service.merger.merge(Merge(OWNER, GUEST, MergeStrategy.SUM, key=key)))
            self.die(replica)

    @precondition(lambda self: OWNER in self.shop.carts)
    @rule(replica=replicas)
    def relay_what_was_left(self, replica: int) -> None:
        """Another replica's relay delivers the event of the newest write."""
        version = self.shop.carts[OWNER].version
        self._run(self.replicas[replica].service.cleanup.cart_written(OWNER, version))
        self._answer(replica, version)

    @rule()
    def lose_all_values_of_redis(self) -> None:
        self.values.clear()

    def _check(self, summary, known: Known) -> None:
        super()._check(summary, known)
        self._answer(known.replica, summary.version)


CrashMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
TestSummariesAfterCrashes = CrashMachine.TestCase
