"""What becomes of a guest's promo code in a merge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cart_service.carts.abandoned_reservations import SETTLED_AFTER
from cart_service.carts.operations import AddItem, RemoveItem, UndoLast
from cart_service.carts.records import MergeStrategy
from cart_service.carts.service import CartWrite
from cart_service.merging.service import Merge
from cart_service.promotions.model import Conditions, Percentage, Promotion
from shared.store.ports import StoreUnavailable
from tests.cart_service.memory import FirstSecond, Replica, Shop


@pytest.mark.parametrize("has", ["another code", "used it up"])
async def test_a_guests_code_is_lost_where_the_customer_cannot_have_it(
    shop: Shop, here: Replica, has: str
) -> None:
    service, kept = here.service, shop.kept
    once = Conditions(per_user_limit=1, total_limit=9)
    promotion = Promotion("SPRING", Percentage(10), once, "USD", "", FirstSecond().moment)
    kept.promotions |= {"SPRING": promotion, "OTHER": replace(promotion, code="OTHER")}
    if has == "another code":
        await service.promo_codes.put(CartWrite("ann", ()), "OTHER")
    else:
        await service.promo_codes.redeem("SPRING", "ann", "order-1")
    await service.writer.write(CartWrite("guest", [AddItem("mug", 1)]))
    await service.promo_codes.put(CartWrite("guest", ()), "SPRING")
    merged = await service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM))
    expected = "OTHER" if has == "another code" else None
    assert merged.written.cart.promo_code == expected
    assert kept.tallies["SPRING"].reserved == 0


async def merged_with_code(service, kept) -> None:
    promotion = Promotion(
        "SPRING", Percentage(10), Conditions(total_limit=9), "USD", "", FirstSecond().moment
    )
    kept.promotions |= {"SPRING": promotion}
    await service.writer.write(CartWrite("guest", [AddItem("mug", 1)]))
    await service.promo_codes.put(CartWrite("guest", ()), "SPRING")


@pytest.mark.parametrize("strategy", [MergeStrategy.SUM, MergeStrategy.MINE])
async def test_undoing_a_merge_takes_the_guests_code_off_and_gives_its_use_back(
    shop: Shop, here: Replica, strategy: MergeStrategy
) -> None:
    service, kept = here.service, shop.kept
    await merged_with_code(service, kept)
    await service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    merged = await service.merger.merge(Merge("ann", "guest", strategy))
    assert merged.written.cart.promo_code == "SPRING"
    undone = (await service.writer.write(CartWrite("ann", [UndoLast()]))).cart
    assert (undone.quantity_of("mug"), undone.promo_code, undone.undo) == (1, None, None)
    assert kept.tallies["SPRING"].reserved == 0
    again = await service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM))
    assert (again.written.cart.quantity_of("mug"), again.written.cart.promo_code) == (2, "SPRING")
    assert kept.tallies["SPRING"].reserved == 1


async def test_a_code_that_was_put_on_since_stays(shop: Shop, here: Replica) -> None:
    service, kept = here.service, shop.kept
    await merged_with_code(service, kept)
    await service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM))
    await service.promo_codes.remove(CartWrite("ann", ()))
    await service.promo_codes.put(CartWrite("ann", ()), "SPRING")
    undone = (await service.writer.write(CartWrite("ann", [UndoLast()]))).cart
    assert (dict(undone.lines), undone.promo_code) == ({}, "SPRING")


async def test_a_code_comes_no_more_with_a_merge_that_was_undone_meanwhile(shop: Shop, here: Replica) -> None:
    """A replica that finishes the merge of a stopped one finds it undone."""
    service, kept = here.service, shop.kept
    await merged_with_code(service, kept)
    here.carts.fail_at(2, is_written=False)  # the first write about the code on the customer's cart
    with pytest.raises(StoreUnavailable):
        await service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM))
    await service.writer.write(CartWrite("ann", [UndoLast()]))
    await service.merger.finish("guest")
    cart = shop.carts["ann"]
    assert (dict(cart.lines), cart.promo_code) == ({}, None)
    shop.clock.moment += 2 * SETTLED_AFTER
    await service.abandoned_reservations.clear_away(10)
    assert kept.tallies["SPRING"].reserved == 0


async def test_a_removal_after_the_merge_is_undone_first(shop: Shop, here: Replica) -> None:
    service, kept = here.service, shop.kept
    await merged_with_code(service, kept)
    here.carts.fail_at(2, is_written=False)
    with pytest.raises(StoreUnavailable):
        await service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM))
    await service.writer.write(CartWrite("ann", [RemoveItem("mug")]))
    await service.merger.finish("guest")
    back = (await service.writer.write(CartWrite("ann", [UndoLast()]))).cart
    assert (back.quantity_of("mug"), back.promo_code) == (1, "SPRING")
