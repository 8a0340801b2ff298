"""Claims of those who are no more go, and every limit holds as before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cart_service.carts.abandoned_reservations import SETTLED_AFTER
from cart_service.carts.model import OwnerKind
from cart_service.carts.operations import AddItem
from cart_service.carts.service import CartWrite
from cart_service.promotions.claims import NOBODY, Claim, ClaimState
from cart_service.promotions.errors import PromoCodeUsedByYou, PromoCodeUsedUp
from cart_service.promotions.model import Conditions, Percentage, Promotion
from shared.store.ports import StoreUnavailable
from tests.cart_service.memory import Replica, Shop
from tests.cart_service.memory_promotions import Faults

MONTH = timedelta(days=30)


@pytest.fixture(autouse=True)
def promotion(shop: Shop) -> Promotion:
    conditions = Conditions(total_limit=2, per_user_limit=1)
    spring = Promotion("SPRING", Percentage(10), conditions, "USD", "", shop.clock.moment)
    shop.kept.promotions["SPRING"] = spring
    return spring


async def put(here: Replica, owner: str, kind: OwnerKind = OwnerKind.USER) -> None:
    await here.service.writer.write(CartWrite(owner, [AddItem("mug", 1)], owner_kind=kind))
    await here.service.promo_codes.put(CartWrite(owner, (), owner_kind=kind), "SPRING")


async def order(here: Replica, owner: str, kind: OwnerKind = OwnerKind.USER) -> None:
    await put(here, owner, kind)
    await here.service.promo_codes.redeem("SPRING", owner, f"order-of-{owner}")


async def expire(shop: Shop, here: Replica, owner: str) -> None:
    await here.service.cleanup.expired_cart_was_removed(shop.carts.pop(owner))


async def sweep(here: Replica) -> None:
    while await here.service.abandoned_reservations.clear_away(10):
        pass


def owners(shop: Shop) -> list[str]:
    return [owner for _, owner in shop.kept.claims if owner != NOBODY]


async def is_clean(here: Replica) -> bool:
    return (await here.service.promotion_audit.recount("SPRING", repair=False)).is_clean


@pytest.mark.parametrize("begin", [put, order])
async def test_with_an_account_its_claims_go_and_placed_orders_still_count(
    shop: Shop, here: Replica, begin
) -> None:
    await begin(here, "ann")
    await here.service.cleanup.owner_was_deleted("ann")
    final = 1 if begin is order else 0
    assert owners(shop) == []
    assert "ann" not in repr(shop.kept)
    assert (shop.kept.tallies["SPRING"].final, shop.kept.tallies["SPRING"].reserved) == (final, 0)
    assert await is_clean(here)
    for number in range(2 - final):
        await order(here, f"user-{number}")
    with pytest.raises(PromoCodeUsedUp):
        await put(here, "one-more")
    await here.service.cleanup.owner_was_deleted("ann")
    assert await is_clean(here)


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("writes", range(4))
async def test_whatever_fails_on_the_way_a_repeat_counts_each_order_once(
    shop: Shop, here: Replica, writes: int, is_written: bool
) -> None:
    await order(here, "ann")
    shop.kept.faults = Faults(writes, is_written)
    with pytest.raises(StoreUnavailable):
        await here.service.cleanup.owner_was_deleted("ann")
    shop.kept.faults = Faults()
    assert await is_clean(here)
    await here.service.cleanup.owner_was_deleted("ann")
    shop.clock.moment += 2 * SETTLED_AFTER
    await sweep(here)
    assert owners(shop) == []
    assert shop.kept.claims["SPRING", NOBODY].final == shop.kept.tallies["SPRING"].final == 1
    assert await is_clean(here)


async def test_an_expired_guests_order_counts_for_the_guest_until_nobody_can_come_back(
    shop: Shop, here: Replica
) -> None:
    await order(here, "guest", OwnerKind.GUEST)
    await expire(shop, here, "guest")
    assert shop.kept.claims["SPRING", "guest"].state is ClaimState.RETAINED
    with pytest.raises(PromoCodeUsedByYou):
        await put(here, "guest", OwnerKind.GUEST)
    await expire(shop, here, "guest")
    await sweep(here)
    assert owners(shop) == ["guest"]
    shop.clock.moment += MONTH + 2 * SETTLED_AFTER
    await put(here, "ann")
    await sweep(here)
    assert owners(shop) == ["ann"]
    assert await is_clean(here)


async def test_a_guest_who_is_back_is_not_forgotten(shop: Shop, here: Replica) -> None:
    await order(here, "guest", OwnerKind.GUEST)
    await expire(shop, here, "guest")
    shop.clock.moment += MONTH + 2 * SETTLED_AFTER
    await here.service.writer.write(CartWrite("guest", [AddItem("mug", 1)], owner_kind=OwnerKind.GUEST))
    await sweep(here)
    with pytest.raises(PromoCodeUsedByYou):
        await put(here, "guest", OwnerKind.GUEST)


@pytest.mark.parametrize("kind", OwnerKind)
async def test_of_a_guest_who_ordered_nothing_no_claim_stays(
    shop: Shop, here: Replica, kind: OwnerKind
) -> None:
    await put(here, "somebody", kind)
    await expire(shop, here, "somebody")
    assert owners(shop) == ([] if kind is OwnerKind.GUEST else ["somebody"])
    assert shop.kept.tallies["SPRING"].reserved == 0


async def test_an_abandoned_claim_without_a_cart_goes_with_its_use(shop: Shop, here: Replica) -> None:
    await put(here, "guest", OwnerKind.GUEST)
    del shop.carts["guest"]
    shop.clock.moment += 2 * SETTLED_AFTER
    await sweep(here)
    assert (owners(shop), shop.kept.tallies["SPRING"].reserved) == ([], 0)


async def test_a_reservation_waits_for_a_claim_that_is_leaving(
    shop: Shop, here: Replica, promotion: Promotion
) -> None:
    now = shop.clock.moment
    leaving = Claim("SPRING", "ann", ClaimState.LEAVING, "abcdefghijkl", True, 1, 1, changed_at=now)
    shop.kept.claims["SPRING", "ann"] = leaving
    await put(here, "ann")
    assert shop.kept.claims["SPRING", "ann"].state is ClaimState.RESERVED
    assert shop.kept.claims["SPRING", NOBODY].final == 1


async def test_an_audit_leaves_a_number_alone_that_changes_under_its_eyes(shop: Shop, here: Replica) -> None:
    await order(here, "ann")
    audit = here.service.promotion_audit
    tally = shop.kept.tallies["SPRING"]

    class Moving(dict):
        """The orders go to nobody while the claims are read."""

        def values(self):
            self.pop(("SPRING", "ann"), None)
            self["SPRING", NOBODY] = Claim("SPRING", NOBODY, final=1)
            return ()

    shop.kept.claims = Moving(shop.kept.claims)
    recount = await audit.recount("SPRING", repair=True)
    assert recount.final == tally.final == shop.kept.tallies["SPRING"].final == 1
