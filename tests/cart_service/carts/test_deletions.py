"""A deleted account leaves no cart, also when something is written into one afterwards."""

from __future__ import annotations

import pytest

from cart_service.carts.operations import AddItem
from cart_service.carts.records import MergeStrategy
from cart_service.carts.service import CartWrite
from cart_service.carts.summaries import cache_key
from cart_service.carts.versions import KnownDeletions
from cart_service.merging.service import Merge
from shared.store.ports import StoreUnavailable
from tests.cart_service.memory import Replica, Shop


@pytest.mark.parametrize("replica_that_hears", ["here", "there"])
async def test_a_request_that_is_late_leaves_no_cart(
    shop: Shop, here: Replica, there: Replica, replica_that_hears: str
) -> None:
    handling = {"here": here, "there": there}[replica_that_hears]
    handling.deletions.heard("ann")
    await here.service.cleanup.owner_was_deleted("ann")
    late = await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    await handling.service.cleanup.cart_written("ann", late.cart.version)
    assert "ann" not in shop.carts
    assert cache_key("ann") not in shop.values


async def test_a_replica_that_hears_late_removes_the_cart_it_knows(shop: Shop, here: Replica) -> None:
    await here.service.cleanup.owner_was_deleted("ann")
    late = await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    await here.service.cleanup.cart_written("ann", late.cart.version)
    assert "ann" in shop.carts
    await here.service.cleanup.account_deleted("ann")
    assert "ann" not in shop.carts
    assert cache_key("ann") not in shop.values


async def test_a_replica_that_knows_no_cart_of_the_owner_removes_none(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    await there.service.cleanup.account_deleted("ann")
    assert "ann" in shop.carts
    assert there.deletions.include("ann")


async def test_neither_does_a_merge_that_its_event_finishes(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await here.service.writer.write(CartWrite("guest", [AddItem("mug", 2)]))
    here.carts.fail_at(1, is_written=False)
    with pytest.raises(StoreUnavailable):
        await here.service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM))
    there.deletions.heard("ann")
    await there.service.cleanup.owner_was_deleted("ann")
    await there.service.merger.finish("guest")
    await there.service.cleanup.cart_written("ann", shop.carts["ann"].version)
    assert "ann" not in shop.carts
    assert "guest" not in shop.carts  # it remembered what it handed over


async def test_carts_of_others_stay(shop: Shop, here: Replica) -> None:
    here.deletions.heard("bob")
    written = await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    await here.service.cleanup.cart_written("ann", written.cart.version)
    assert "ann" in shop.carts


def test_the_oldest_is_forgotten() -> None:
    known = KnownDeletions(capacity=2)
    for owner in ("ann", "bob", "cem"):
        known.heard(owner)
    assert [known.include(owner) for owner in ("ann", "bob", "cem")] == [False, True, True]
