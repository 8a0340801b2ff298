"""However requests, orders, expiries, events and repairs interleave, fail and die between two accesses to a
store: a cart has a code only on a use that is counted, and what nobody has is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cart_service.carts.abandoned_reservations import SETTLED_AFTER
from shared.errors import ShopError
from tests.cart_service.lanes import Lane
from tests.cart_service.promo_world import PromoWorld

MOST_LANES = 4
owners = st.sampled_from(["ann", "ann", "bob"])  # mostly about the same use
codes = st.sampled_from(["SPRING", "SPRING", "AUTUMN"])
lanes = st.integers(0, MOST_LANES - 1)
paces = st.sampled_from([None, None, 1, 2, 3, 4, 5])  # accesses to a store before it is held; None for never


class PromoCodeMachine(RuleBasedStateMachine):
    """SPRING has few uses, AUTUMN any number. A second passes with each step."""

    @initialize(limit=st.integers(1, 2), owner=owners)
    def start(self, limit: int, owner: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.world = PromoWorld({"SPRING": limit, "AUTUMN": None})
        self._run(self.world.start())
        self._run(self.world.add(owner))
        self.lanes: list[Lane] = []
        self.an_order_died = False

    # What begins

    @rule(owner=owners, code=codes, key=st.sampled_from([None, "k"]), conditional=st.booleans(), pace=paces)
    def put(self, owner: str, code: str, key: str | None, conditional: bool, pace: int | None) -> None:
        key = key and f"{key}-{code}"
        self._do(self.world.put(owner, code, key, conditional=conditional), pace)

    @rule(owner=owners, pace=paces)
    def take_off(self, owner: str, pace: int | None) -> None:
        self._do(self.world.take_off(owner), pace)

    @rule(owner=owners, code=codes, number=st.integers(1, 2), pace=paces)
    def order(self, owner: str, code: str, number: int, pace: int | None) -> None:
        self._do(self.world.order(owner, code, number), pace)

    @precondition(lambda self: self.world.repository.events)
    @rule(number=st.integers(0, 50), pace=paces)
    def repeat_event(self, number: int, pace: int | None) -> None:
        self._do(self.world.repeat_event(number), pace)

    @rule(owner=owners, pace=paces)
    def expire(self, owner: str, pace: int | None) -> None:
        self.world.tick(timedelta(days=100))
        self._do(self.world.expire(owner), pace)

    @rule(owner=owners, pace=paces)
    def delete(self, owner: str, pace: int | None) -> None:
        self._do(self.world.delete(owner), pace)

    @rule(code=codes, pace=paces)
    def audit(self, code: str, pace: int | None) -> None:
        self.world.tick(SETTLED_AFTER)
        self._do(self.world.audit(code), pace)

    @rule(pace=paces)
    def clear_away(self, pace: int | None) -> None:
        self.world.tick(SETTLED_AFTER)
        self._do(self.world.clear_away(), pace)

    # What happens to it

    @precondition(lambda self: self.lanes)
    @rule(number=lanes, accesses=st.integers(1, 3))
    def go_on(self, number: int, accesses: int) -> None:
        for _ in range(accesses):
            self._run(self._lane(number).go_on())
            self.world.check()

    @precondition(lambda self: self.lanes)
    @rule(number=lanes)
    def finish(self, number: int) -> None:
        self._finish(self._lane(number))

    @precondition(lambda self: self.lanes)
    @rule(number=lanes)
    def die(self, number: int) -> None:
        self._run(self._lane(number).die())
        self.an_order_died = True  # it may have been one

    @rule(after=st.integers(0, 2), is_written=st.booleans(), of_cart=st.booleans())
    def fail_soon(self, after: int, is_written: bool, of_cart: bool) -> None:
        self.an_order_died = True
        if of_cart:
            self.world.repository.fail_at(after, is_written=is_written)
        else:
            faults = self.world.shop.kept.faults
            faults.after, faults.is_written = after, is_written

    # What holds

    @invariant()
    def no_code_stands_uncounted(self) -> None:
        if hasattr(self, "lanes"):
            self.world.tick()
            self.world.check()
            for lane in [lane for lane in self.lanes if lane.is_over]:
                self.lanes.remove(lane)
                self._finish(lane)

    def teardown(self) -> None:
        if hasattr(self, "lanes"):
            for lane in self.lanes:
                self._finish(lane)
            self._run(self.world.check_end(an_order_died=self.an_order_died))
            self.loop.close()

    def _lane(self, number: int) -> Lane:
        return self.lanes[number % len(self.lanes)]

    def _do(self, act: Awaitable[None], pace: int | None) -> None:
        async def begin() -> Lane:
            lane = Lane(_of(act))
            await lane.go_on(pace or 0)
            return lane

        lane = self._run(begin())
        if pace is None or len(self.lanes) == MOST_LANES:
            self._finish(lane)
        else:
            self.lanes.append(lane)

    def _finish(self, lane: Lane) -> None:
        with suppress(ShopError, asyncio.CancelledError):
            self._run(lane.finish())

    def _run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)


async def _of(act: Awaitable[None]) -> None:
    await act


PromoCodeMachine.TestCase.settings = settings(max_examples=120, stateful_step_count=30)
TestPromoCodes = PromoCodeMachine.TestCase


def test_a_deletion_that_another_replica_has_finished_counts_no_order_twice() -> None:
    state = PromoCodeMachine()
    state.start(limit=1, owner="ann")
    state.order(owner="ann", code="SPRING", number=1, pace=None)
    state.no_code_stands_uncounted()
    state.delete(owner="ann", pace=3)  # held before the order is begun over
    state.no_code_stands_uncounted()
    state.clear_away(pace=None)
    state.finish(number=0)
    state.no_code_stands_uncounted()
    state.teardown()
