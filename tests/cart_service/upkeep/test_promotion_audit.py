"""Carts whose code nobody has reserved for them, and codes that only claims know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cart_service.carts.abandoned_reservations import SETTLED_AFTER
from cart_service.carts.operations import AddItem
from cart_service.carts.service import CartWrite
from cart_service.promotions.claims import Claim, ClaimState, Tally
from cart_service.promotions.errors import PromoCodeUsedUp
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.upkeep.promotion_audit import Recount
from shared.store.ports import StoreUnavailable
from tests.cart_service.lanes import Lane
from tests.cart_service.memory import Replica, Shop

KEY = ("SPRING", "ann")


@pytest.fixture(autouse=True)
def promotion(shop: Shop) -> Promotion:
    conditions = Conditions(total_limit=2)
    spring = Promotion("SPRING", Percentage(10), conditions, "USD", "", shop.clock.moment)
    shop.kept.promotions["SPRING"] = spring
    return spring


async def recount(here: Replica, *, repair: bool = False) -> Recount:
    return await here.service.promotion_audit.recount("SPRING", repair=repair)


async def give_ann_the_code(here: Replica) -> None:
    await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    await here.service.promo_codes.put(CartWrite("ann", ()), "SPRING")


async def test_a_code_that_an_order_left_on_the_cart_is_taken_off(shop: Shop, here: Replica) -> None:
    await give_ann_the_code(here)
    order = Lane(here.service.promo_codes.redeem("SPRING", "ann", "order-1"))
    await order.go_on(3)
    await order.die()
    assert (shop.carts["ann"].promo_code, shop.kept.tallies["SPRING"].final) == ("SPRING", 1)
    assert (await recount(here)).is_clean, "the order may still be on its way"
    shop.clock.moment += SETTLED_AFTER
    assert (await recount(here, repair=True)).unreserved == ("ann",)
    assert (await recount(here)).is_clean
    cart = shop.carts["ann"]
    assert (cart.promo_code, cart.quantity_of("mug")) == (None, 1)
    assert shop.kept.tallies["SPRING"] == Tally("SPRING", final=1)


async def test_a_cart_whose_claim_was_lost_is_counted_again(shop: Shop, here: Replica) -> None:
    await give_ann_the_code(here)
    del shop.kept.claims[KEY]
    shop.kept.tallies.clear()
    assert not (await recount(here)).is_clean
    await recount(here, repair=True)
    assert (await recount(here)).is_clean
    assert shop.kept.claims[KEY].state is ClaimState.RESERVED
    assert shop.kept.tallies["SPRING"].reserved == 1
    await here.service.promo_codes.remove(CartWrite("ann", ()))
    assert shop.kept.tallies["SPRING"].reserved == 0


@pytest.mark.parametrize("lost", ["used up", "no promotion"])
async def test_a_cart_that_cannot_be_counted_again_loses_the_code(
    shop: Shop, here: Replica, promotion: Promotion, lost: str
) -> None:
    await give_ann_the_code(here)
    del shop.kept.claims[KEY]
    shop.kept.tallies["SPRING"] = Tally("SPRING")
    if lost == "used up":
        shop.kept.promotions["SPRING"] = replace(promotion, conditions=Conditions(total_limit=1))
        await here.service.promo_codes.redeem("SPRING", "bob", "order-1")
    else:
        del shop.kept.promotions["SPRING"]
    await recount(here, repair=True)
    assert (shop.carts["ann"].promo_code, (await recount(here)).is_clean) == (None, True)


async def test_a_repair_without_the_store_takes_nothing_off(shop: Shop, here: Replica) -> None:
    await give_ann_the_code(here)
    del shop.kept.claims[KEY]
    shop.kept.faults.after = 4
    with pytest.raises(StoreUnavailable):
        await recount(here, repair=True)
    assert shop.carts["ann"].promo_code == "SPRING"


async def test_a_code_that_left_the_cart_meanwhile_is_not_unreserved(shop: Shop, here: Replica) -> None:
    await give_ann_the_code(here)
    seen = shop.carts["ann"]
    await here.service.promo_codes.remove(CartWrite("ann", ()))
    now, shop.carts["ann"] = shop.carts["ann"], seen
    shop.clock.moment += SETTLED_AFTER
    look = Lane(recount(here))
    while not any(it.state is ClaimState.FREE for it in shop.kept.claims.values()):
        await look.go_on()
    await look.go_on(4)
    shop.carts["ann"] = now
    assert (await look.finish()).is_clean


@pytest.mark.parametrize("accesses", range(3, 8))
async def test_a_use_found_uncounted_that_is_given_back_at_the_same_time_is_not_counted(
    shop: Shop, here: Replica, accesses: int
) -> None:
    await give_ann_the_code(here)
    shop.kept.tallies["SPRING"] = Tally("SPRING")
    repair = Lane(recount(here, repair=True))
    await repair.go_on(accesses)
    await here.service.promo_codes.remove(CartWrite("ann", ()))
    await repair.finish()
    assert shop.kept.tallies["SPRING"].reserved == 0
    for owner in ("bob", "cem"):
        await here.service.promo_codes.put(CartWrite(owner, ()), "SPRING")
    with pytest.raises(PromoCodeUsedUp):
        await here.service.promo_codes.put(CartWrite("dan", ()), "SPRING")


async def test_codes_of_no_promotion_are_known_by_their_claims(shop: Shop, here: Replica) -> None:
    for owner in ("ann", "bob"):
        shop.kept.claims["LOST", owner] = Claim(
            "LOST", owner, ClaimState.RESERVED, changed_at=shop.clock.moment
        )
    shop.clock.moment += SETTLED_AFTER
    audit: Any = here.service.promotion_audit
    assert [code async for code in audit.claimed_codes()] == ["LOST"]
    assert (await audit.recount("LOST", repair=True)).abandoned == ("ann", "bob")
    assert (await audit.recount("LOST", repair=True)).is_clean
