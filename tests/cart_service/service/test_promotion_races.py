"""Requests about the same use that meet at an awkward moment, step by step."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cart_service.domain.errors import CartChanged
from cart_service.domain.merging import MergeStrategy
from cart_service.domain.operations import AddItem
from cart_service.domain.promotion_uses import Claim, ClaimState, Tally
from cart_service.domain.promotions import Conditions, Percentage, Promotion
from cart_service.service import Write
from cart_service.service.merges import Merge
from cart_service.service.promotion_uses import ClaimContended, PromotionUses
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
    stores = memory_stores(kept, book=None)
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
    await uses.release("SPRING", "ann", kept.claims[KEY].turn)
    assert kept.tallies["SPRING"].reserved == 0


async def test_an_order_finds_a_removal_half_done(kept: Kept, uses: PromotionUses) -> None:
    await uses.reserve(kept.promotions["SPRING"], "ann")
    released = kept.claims[KEY].released(1, FirstSecond().moment)
    kept.claims[KEY] = released
    await uses.make_final(kept.promotions["SPRING"], "ann", "order-1")
    assert (kept.tallies["SPRING"].reserved, kept.tallies["SPRING"].final) == (0, 1)


async def test_a_claim_withdrawn_before_it_was_confirmed_is_claimed_anew(
    kept: Kept, uses: PromotionUses
) -> None:
    task = asyncio.create_task(uses.reserve(kept.promotions["SPRING"], "ann"))
    await eventually(lambda: is_counted(kept), every=0)
    first = kept.claims[KEY]
    kept.claims[KEY] = first.refused(first.claim_id)
    await task
    assert kept.claims[KEY].state is ClaimState.RESERVED
    assert kept.tallies["SPRING"].held.split() == [kept.claims[KEY].claim_id] != [first.claim_id]


class NeverFinished:
    """Claims that somebody else is always just giving back."""

    async def change(self, code: str, owner: str, _step: object) -> Claim:
        return Claim(code, owner, ClaimState.RELEASING, "abcdefghijkl", counted=True)


async def test_endless_meetings_end_with_come_again(kept: Kept, promotion: Promotion) -> None:
    busy = PromotionUses(NeverFinished(), memory_stores(kept, book=None).tallies, FirstSecond())  # type: ignore[arg-type]
    for attempt in (busy.reserve(promotion, "ann"), busy.make_final(promotion, "ann", "order-1")):
        with pytest.raises(ClaimContended):
            await attempt


async def test_a_put_that_is_refused_after_reserving_gives_the_use_back(kept: Kept, here: Replica) -> None:
    version = (await here.service.write(Write("ann", [AddItem("mug", 1)]))).cart.version
    conditional = Write("ann", (), if_versions={version})
    task = asyncio.create_task(here.service.promo_codes.put(conditional, "SPRING"))
    await eventually(lambda: is_counted(kept), every=0)
    await here.service.write(Write("ann", [AddItem("mug", 1)]))
    with pytest.raises(CartChanged):
        await task
    assert not is_counted(kept)


@pytest.mark.parametrize("has", ["another code", "used it up"])
async def test_a_guests_code_is_lost_where_the_customer_cannot_have_it(
    kept: Kept, here: Replica, promotion: Promotion, has: str
) -> None:
    service = here.service
    kept.promotions["OTHER"] = replace(promotion, code="OTHER")
    once = Conditions(per_user_limit=1, total_limit=9)
    kept.promotions["SPRING"] = replace(promotion, conditions=once)
    if has == "another code":
        await service.promo_codes.put(Write("ann", ()), "OTHER")
    else:
        await service.promo_codes.redeem("SPRING", "ann", "order-1")
    await service.write(Write("guest", [AddItem("mug", 1)]))
    await service.promo_codes.put(Write("guest", ()), "SPRING")
    merged = await service.merge(Merge("ann", "guest", MergeStrategy.SUM))
    expected = "OTHER" if has == "another code" else None
    assert merged.written.cart.promo_code == expected
    assert kept.tallies["SPRING"].reserved == 0
