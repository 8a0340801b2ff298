"""No failure and no race exceeds a limit, and the next request repairs what failed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart_service.carts.abandoned_reservations import SETTLED_AFTER, AbandonedReservations
from cart_service.carts.service import CartWriter
from cart_service.promotions.claims import MAX_HELD, ClaimState, DroppedPromoCode, Tally
from cart_service.promotions.errors import PromoCodeEnded, PromoCodeUsedByYou, PromoCodeUsedUp
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.promotions.uses import PromotionUses, Uses
from cart_service.upkeep.promotion_audit import PromotionAudit
from cart_service.upkeep.unreserved_carts import UnreservedCarts
from shared.errors import ShopError
from shared.store.ports import StoreUnavailable
from tests.cart_service.memory import FirstSecond, MemoryCarts
from tests.cart_service.memory_promotions import Faults, Kept, MemoryHolders, MemoryTallies, memory_stores

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def promotion(**conditions: int) -> Promotion:
    return Promotion("SPRING", Percentage(10), Conditions(**conditions), "USD", "", NOW)


class World:
    """Uses and their audit over memory."""

    def __init__(self, **conditions: int) -> None:
        self.promotion = promotion(**conditions)
        self.kept = Kept()
        self.clock = FirstSecond()
        self.stores = memory_stores(self.kept, known=None)
        self.uses = PromotionUses(self.stores.claims, self.stores.tallies, self.clock)
        carts = MemoryCarts({})
        self.abandoned = AbandonedReservations(carts, self.stores.claims, self.uses, self.clock)
        none = UnreservedCarts(
            carts, self.stores, self.uses, self.abandoned, cast("CartWriter", None), holders=MemoryHolders({})
        )
        self.audit = PromotionAudit(self.stores, self.abandoned, none)

    @property
    def had(self) -> int:
        """Uses that somebody has: what the limit is about."""
        return sum(it.final + (it.state is ClaimState.RESERVED) for it in self.kept.claims.values())

    @property
    def tally(self) -> Tally:
        return self.kept.tallies.get("SPRING", Tally("SPRING"))

    @property
    def counted(self) -> int:
        return self.tally.reserved + self.tally.final


async def test_a_use_is_reserved_once_however_often_it_is_asked_for() -> None:
    world = World(total_limit=2)
    for turn in (1, 1, 2):
        await world.uses.reserve(world.promotion, "ann", turn)
    assert await world.uses.of(world.promotion) == Uses(1, 0)


async def test_the_total_limit_bounds_all_users() -> None:
    world = World(total_limit=2)
    for owner in ("ann", "bob"):
        await world.uses.reserve(world.promotion, owner, 1)
    with pytest.raises(PromoCodeUsedUp):
        await world.uses.reserve(world.promotion, "cem", 1)
    await world.uses.give_back("ann", DroppedPromoCode("SPRING", 1))
    await world.uses.reserve(world.promotion, "cem", 1)
    assert world.had == world.counted == 2


async def test_without_a_total_limit_no_tally_is_touched() -> None:
    world = World(per_user_limit=1)
    await world.uses.reserve(world.promotion, "ann", 1)
    assert await world.uses.of(world.promotion) == Uses(1, 0)
    await world.uses.give_back("ann", DroppedPromoCode("SPRING", 1))
    assert isinstance(world.stores.tallies, MemoryTallies)
    assert world.stores.tallies.changes == 0
    await world.uses.make_final(world.promotion, "ann", "order-1")
    assert await world.uses.of(world.promotion) == Uses(0, 1)


@pytest.mark.parametrize("limits", [{}, {"total_limit": 9}])
async def test_one_user_is_bounded_by_orders_and_the_cart(limits: dict[str, int]) -> None:
    world = World(per_user_limit=2, **limits)
    for order in ("order-1", "order-2"):
        await world.uses.reserve(world.promotion, "ann")
        await world.uses.make_final(world.promotion, "ann", order)
    with pytest.raises(PromoCodeUsedByYou, match="2 times"):
        await world.uses.reserve(world.promotion, "ann")
    await world.uses.make_final(world.promotion, "ann", "order-2")
    assert await world.uses.of(world.promotion) == Uses(0, 2)


async def test_what_an_earlier_turn_gives_back_comes_too_late() -> None:
    world = World(total_limit=1)
    for turn in (2, 1):
        await world.uses.reserve(world.promotion, "ann", turn)
    await world.uses.give_back("ann", DroppedPromoCode("SPRING", 1))
    assert world.had == 1
    await world.uses.give_back("ann", DroppedPromoCode("SPRING", 2))
    assert world.had == world.counted == 0


async def test_an_order_without_a_reservation_takes_one_within_the_limits() -> None:
    world = World(total_limit=1)
    await world.uses.make_final(world.promotion, "ann", "order-1")
    with pytest.raises(PromoCodeUsedUp):
        await world.uses.make_final(world.promotion, "bob", "order-2")
    assert await world.uses.of(world.promotion) == Uses(0, 1)


async def test_a_reserved_use_outlives_the_end_of_its_promotion() -> None:
    world = World(total_limit=2)
    await world.uses.reserve(world.promotion, "ann")
    ended = world.promotion.ended(NOW)
    await world.uses.make_final(ended, "ann", "order-1")
    with pytest.raises(PromoCodeEnded):
        await world.uses.make_final(ended, "bob", "order-2")
    assert world.counted == 1


async def test_so_many_carts_hold_a_code_at_once_and_no_more() -> None:
    full = Tally("SPRING", " abcdefghijkl" * MAX_HELD)
    with pytest.raises(PromoCodeUsedUp):
        full.count("zzzzzzzzzzzz", 10**9)


STEPS = st.lists(
    st.tuples(st.sampled_from(["reserve", "release", "final"]), st.sampled_from(["ann", "bob", "cem"])),
    min_size=1,
    max_size=12,
)


async def _do(world: World, step: str, owner: str, number: int) -> None:
    claim = world.kept.claims.get(("SPRING", owner))
    with suppress(StoreUnavailable, PromoCodeUsedUp, PromoCodeUsedByYou):
        if step == "reserve":
            await world.uses.reserve(world.promotion, owner, number)
        elif step == "release":
            await world.uses.give_back(owner, DroppedPromoCode("SPRING", claim.turn if claim else 0))
        else:
            await world.uses.make_final(world.promotion, owner, f"order-{number}")


@settings(max_examples=300)
@given(STEPS, st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=6), st.integers(1, 2))
def test_failing_writes_never_exceed_a_limit_and_the_audit_makes_them_good(
    steps: list[tuple[str, str]], faults: list[tuple[int, bool]], limit: int
) -> None:
    async def run() -> None:
        world = World(total_limit=limit, per_user_limit=2)
        pending = list(faults)
        for number, (step, owner) in enumerate(steps):
            if pending and world.kept.faults.after is None:
                world.kept.faults.after, world.kept.faults.is_written = pending.pop()
            await _do(world, step, owner, number)
            assert world.had <= world.counted <= limit
        world.kept.faults = Faults()
        world.clock.moment += SETTLED_AFTER
        await world.audit.recount("SPRING", repair=True)
        again = await world.audit.recount("SPRING", repair=True)
        assert (again.is_clean, world.tally.reserved) == (True, 0)
        assert world.tally.final == sum(it.final for it in world.kept.claims.values())

    asyncio.run(run())


@settings(max_examples=200)
@given(STEPS, st.integers(1, 2))
def test_steps_at_the_same_moment_never_exceed_a_limit(steps: list[tuple[str, str]], limit: int) -> None:
    async def run() -> None:
        world = World(total_limit=limit, per_user_limit=3)
        await asyncio.gather(*(_do(world, *step, number) for number, step in enumerate(steps)))
        assert world.had == world.counted <= limit

    asyncio.run(run())


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("after", range(3))
async def test_a_retry_makes_a_failed_reservation_good(after: int, is_written: bool) -> None:
    world = World(total_limit=1)
    world.kept.faults = Faults(after, is_written)
    with pytest.raises(StoreUnavailable):
        await world.uses.reserve(world.promotion, "ann")
    await world.uses.reserve(world.promotion, "ann")
    assert world.had == world.counted == 1


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("after", range(3))
@pytest.mark.parametrize("ends", ["release", "final"])
async def test_a_retry_makes_a_failed_end_good(ends: str, after: int, is_written: bool) -> None:
    world = World(total_limit=1)
    await world.uses.reserve(world.promotion, "ann", 1)

    async def end() -> None:
        if ends == "release":
            await world.uses.give_back("ann", DroppedPromoCode("SPRING", 1))
        else:
            await world.uses.make_final(world.promotion, "ann", "order-1")

    world.kept.faults = Faults(after, is_written)
    with pytest.raises(StoreUnavailable):
        await end()
    await end()
    assert world.had == world.counted == (ends == "final")
    assert world.kept.claims["SPRING", "ann"].state is ClaimState.FREE


async def test_the_audit_leaves_fresh_claims_alone_and_only_reports_when_asked_to() -> None:
    world = World(total_limit=3)
    await world.uses.reserve(world.promotion, "ann")
    assert (await world.audit.recount("SPRING", repair=True)).is_clean
    world.clock.moment += timedelta(hours=1)
    assert (await world.audit.recount("SPRING", repair=False)).abandoned == ("ann",)
    assert world.had == 1


async def test_the_audit_finds_uses_that_nobody_has_and_uses_that_are_not_counted() -> None:
    world = World(total_limit=3)
    await world.uses.reserve(world.promotion, "ann")
    world.kept.tallies["SPRING"] = Tally("SPRING", " nobodys-use", 2)
    found = await world.audit.recount("SPRING", repair=True)
    assert (found.orphans, found.uncounted) == (("nobodys-use",), ("ann",))
    assert (found.final, found.final_counted) == (0, 2)
    assert await world.uses.of(world.promotion) == Uses(1, 0)


def test_every_refusal_says_what_to_do() -> None:
    refusals: list[ShopError] = [PromoCodeUsedUp("A"), PromoCodeUsedByYou("A", 1), PromoCodeEnded("A")]
    assert all("another" in refusal.detail for refusal in refusals)
