"""Requests about the same use that meet at an awkward moment, step by step."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from cart_service.carts.operations import AddItem
from cart_service.carts.promo_codes import PromoCodes
from cart_service.carts.promo_operations import NotReserved
from cart_service.carts.service import CartChanged, CartWrite, CartWriter, WriteResult
from cart_service.promotions.claims import Claim, ClaimState, DroppedPromoCode, Tally
from cart_service.promotions.errors import PromoCodeUsedUp
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.promotions.uses import ClaimContended, PromotionUses
from shared.http.etag import parse_entity_tags
from tests.cart_service.lanes import Lane
from tests.cart_service.memory import FirstSecond, Replica, Shop
from tests.cart_service.memory_promotions import Kept, memory_stores
from tests.support.waiting import eventually

KEY = ("SPRING", "ann")


@pytest.fixture
def promotion() -> Promotion:
    return Promotion("SPRING", Percentage(10), Conditions(total_limit=1), "USD", "", FirstSecond().moment)


@pytest.fixture
def kept(shop: Shop, promotion: Promotion) -> Kept:
    shop.kept.promotions["SPRING"] = promotion
    return shop.kept


@pytest.fixture
def uses(kept: Kept) -> PromotionUses:
    stores = memory_stores(kept, known=None)
    return PromotionUses(stores.claims, stores.tallies, FirstSecond())


def is_counted(kept: Kept) -> bool:
    return kept.tallies.get("SPRING", Tally("SPRING")).reserved == 1


@pytest.mark.parametrize(
    ("state", "final"), [(ClaimState.RELEASING, 0), (ClaimState.SETTLING, 1)], ids=["released", "ordered"]
)
async def test_who_finds_an_end_half_done_finishes_it_first(
    kept: Kept, uses: PromotionUses, state: ClaimState, final: int
) -> None:
    await uses.reserve(kept.promotions["SPRING"], "ann")
    claim = kept.claims[KEY]
    kept.claims[KEY] = Claim("SPRING", "ann", state, claim.claim_id, counted=True, turn=1, final=final)
    two = replace(kept.promotions["SPRING"], conditions=Conditions(total_limit=2))
    await uses.reserve(two, "ann")
    assert (kept.tallies["SPRING"].reserved, kept.tallies["SPRING"].final) == (1, final)
    await uses.give_back("ann", DroppedPromoCode("SPRING", kept.claims[KEY].turn))
    assert kept.tallies["SPRING"].reserved == 0


async def test_an_order_finds_a_removal_half_done(kept: Kept, uses: PromotionUses) -> None:
    await uses.reserve(kept.promotions["SPRING"], "ann", 1)
    released = kept.claims[KEY].released(1, FirstSecond().moment)
    kept.claims[KEY] = released
    await uses.make_final(kept.promotions["SPRING"], "ann", "order-1")
    assert (kept.tallies["SPRING"].reserved, kept.tallies["SPRING"].final) == (0, 1)


async def test_a_claim_withdrawn_before_it_was_confirmed_is_claimed_again(
    kept: Kept, uses: PromotionUses
) -> None:
    task = asyncio.create_task(uses.reserve(kept.promotions["SPRING"], "ann"))
    await eventually(lambda: is_counted(kept), every=0)
    first = kept.claims[KEY]
    kept.claims[KEY] = first.refused(first.claim_id)
    await task
    assert kept.claims[KEY].state is ClaimState.RESERVED
    assert kept.tallies["SPRING"].held.split() == [kept.claims[KEY].claim_id] != [first.claim_id]


async def test_a_claim_confirmed_and_given_back_by_others_meanwhile_is_claimed_again(
    kept: Kept, uses: PromotionUses
) -> None:
    reservation = Lane(uses.reserve(kept.promotions["SPRING"], "ann", 1))
    await reservation.go_on(2)
    first = kept.claims[KEY]
    kept.claims[KEY] = first.confirmed(first.claim_id).released(1, FirstSecond().moment)
    await reservation.finish()
    assert kept.claims[KEY].state is ClaimState.RESERVED
    assert kept.tallies["SPRING"].held.split() == [kept.claims[KEY].claim_id] != [first.claim_id]


class NeverFinished:
    """Claims that somebody else is always just giving back."""

    async def change(self, code: str, owner: str, _step: object) -> Claim:
        return Claim(code, owner, ClaimState.RELEASING, "abcdefghijkl", counted=True)


async def test_endless_meetings_end_with_come_again(kept: Kept, promotion: Promotion) -> None:
    busy = PromotionUses(NeverFinished(), memory_stores(kept, known=None).tallies, FirstSecond())  # type: ignore[arg-type]
    for attempt in (busy.reserve(promotion, "ann"), busy.make_final(promotion, "ann", "order-1")):
        with pytest.raises(ClaimContended):
            await attempt


async def test_a_put_that_is_refused_after_reserving_gives_the_use_back(kept: Kept, here: Replica) -> None:
    version = (await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))).cart.version
    conditional = CartWrite("ann", (), if_match=parse_entity_tags(f'"{version}"'))
    task = asyncio.create_task(here.service.promo_codes.put(conditional, "SPRING"))
    await eventually(lambda: is_counted(kept), every=0)
    await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    with pytest.raises(CartChanged):
        await task
    assert not is_counted(kept)


async def test_of_two_equal_conditional_puts_at_once_the_loser_takes_nothing_back(
    kept: Kept, here: Replica
) -> None:
    promo_codes = here.service.promo_codes
    version = (await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))).cart.version
    conditional = CartWrite("ann", (), if_match=parse_entity_tags(f'"{version}"'))
    twice = [promo_codes.put(conditional, "SPRING") for _ in range(2)]
    outcomes = await asyncio.gather(*twice, return_exceptions=True)
    assert sorted(type(outcome) for outcome in outcomes if isinstance(outcome, Exception)) == [CartChanged]
    assert is_counted(kept)
    with pytest.raises(PromoCodeUsedUp):
        await promo_codes.put(CartWrite("bob", ()), "SPRING")


async def test_a_request_sent_twice_at_once_has_one_use_which_is_given_back(
    kept: Kept, here: Replica
) -> None:
    promo_codes = here.service.promo_codes
    await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    twice = [promo_codes.put(CartWrite("ann", (), key="k"), "SPRING") for _ in range(2)]
    assert [written.replayed for written in await asyncio.gather(*twice)] == [False, True]
    await promo_codes.remove(CartWrite("ann", ()))
    assert not is_counted(kept)


async def test_a_repeat_that_reserves_after_the_code_was_taken_off_gives_its_use_back(
    shop: Shop, kept: Kept, here: Replica
) -> None:
    promo_codes = here.service.promo_codes
    await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    repeat = Lane(promo_codes.put(CartWrite("ann", (), key="k"), "SPRING"))
    await repeat.go_on()
    await promo_codes.put(CartWrite("ann", (), key="k"), "SPRING")
    await promo_codes.remove(CartWrite("ann", ()))
    assert (await repeat.finish()).replayed
    assert (shop.carts["ann"].promo_code, is_counted(kept)) == (None, False)


@pytest.mark.parametrize("begun", [True, False], ids=["with a cart", "without a cart"])
@pytest.mark.parametrize("meanwhile", ["removed", "ordered", "expired"])
async def test_a_put_that_was_slow_to_write_the_cart_reserves_again(
    shop: Shop, kept: Kept, here: Replica, promotion: Promotion, meanwhile: str, begun: bool
) -> None:
    kept.promotions["SPRING"] = replace(promotion, conditions=Conditions(total_limit=2))
    if begun:
        await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    slow = Lane(here.service.promo_codes.put(CartWrite("ann", ()), "SPRING"))
    while not is_counted(kept):
        await slow.go_on()
    await slow.go_on()
    other = (await shop.replica()).service
    await other.promo_codes.put(CartWrite("ann", ()), "SPRING")
    if meanwhile == "ordered":
        await other.promo_codes.redeem("SPRING", "ann", "order-1")
    elif meanwhile == "removed":
        await other.promo_codes.remove(CartWrite("ann", ()))
    else:
        shop.clock.moment += timedelta(days=100)
        await other.cleanup.expired_cart_was_removed(shop.carts.pop("ann"))
    assert not is_counted(kept)
    await slow.finish()
    assert shop.carts["ann"].promo_code == "SPRING"
    assert (kept.claims[KEY].state, kept.claims[KEY].turn) == (
        ClaimState.RESERVED,
        shop.carts["ann"].promo_turn,
    )


async def test_an_order_takes_what_is_still_on_its_way_to_the_cart(
    shop: Shop, kept: Kept, here: Replica
) -> None:
    await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    slow = Lane(here.service.promo_codes.put(CartWrite("ann", ()), "SPRING"))
    await slow.go_on(4)
    assert kept.claims[KEY].state is ClaimState.RESERVED
    await (await shop.replica()).service.promo_codes.redeem("SPRING", "ann", "order-1")
    with pytest.raises(PromoCodeUsedUp):
        await slow.finish()
    assert (shop.carts["ann"].promo_code, kept.tallies["SPRING"].final) == (None, 1)


class EverPassing:
    """A writer of a cart to which somebody else always just puts a code."""

    def __init__(self) -> None:
        self.turn = 1

    async def write(self, _write: CartWrite) -> WriteResult:
        self.turn += 1
        raise NotReserved(self.turn)


async def test_endless_puts_of_others_end_with_come_again(
    kept: Kept, uses: PromotionUses, here: Replica
) -> None:
    abandoned, writer = here.service.abandoned_reservations, cast("CartWriter", EverPassing())
    promo_codes = PromoCodes(here.service.promotions, uses, abandoned, writer, FirstSecond())
    with pytest.raises(ClaimContended):
        await promo_codes.put(CartWrite("ann", ()), "SPRING")


async def test_a_claim_that_is_confirmed_while_it_is_withdrawn_stays_counted(
    kept: Kept, uses: PromotionUses
) -> None:
    task = asyncio.create_task(uses.reserve(kept.promotions["SPRING"], "ann", 1))
    await eventually(lambda: is_counted(kept), every=0)
    seen = kept.claims[KEY]
    assert seen.state is ClaimState.CLAIMING
    await task
    await uses.withdraw(seen)
    assert (kept.claims[KEY].state, is_counted(kept)) == (ClaimState.RESERVED, True)
