"""What a repeated merge answers, and what it leaves alone, whatever happened in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from cart_service.carts.errors import IdempotencyKeyReused
from cart_service.carts.operations import AddItem, ClearCart, UndoLast
from cart_service.carts.records import MergeStrategy
from cart_service.carts.service import CartChanged, CartWrite
from cart_service.merging.service import Merge, Merged
from cart_service.promotions.claims import Tally
from cart_service.promotions.model import Conditions, Percentage, Promotion
from shared.http.etag import parse_entity_tags
from shared.store.ports import StoreUnavailable
from tests.cart_service.memory import Replica, Shop
from tests.support.waiting import eventually

MERGE = Merge("ann", "guest", MergeStrategy.SUM, key="k")


@pytest.fixture
def version(shop: Shop) -> Callable[[], int]:
    return lambda: shop.carts["ann"].version


@pytest.fixture
async def filled(shop: Shop, here: Replica) -> Replica:
    moment = shop.clock.moment
    shop.kept.promotions["SPRING"] = Promotion(
        "SPRING", Percentage(10), Conditions(total_limit=1), "USD", "", moment
    )
    await here.service.writer.write(CartWrite("guest", [AddItem("mug", 2)]))
    await here.service.writer.write(CartWrite("ann", [AddItem("cup", 1)]))
    return here


async def die_after(replica: Replica, writes: int, merge: Merge = MERGE, *, is_written: bool = True) -> None:
    replica.carts.fail_at(writes - 1 if is_written else writes, is_written=is_written)
    with pytest.raises(StoreUnavailable):
        await replica.service.merger.merge(merge)


def lines(shop: Shop, owner: str = "ann") -> dict[str, int]:
    return {id: line.quantity for id, line in shop.carts[owner].lines.items()}


async def test_its_own_work_does_not_fail_its_condition(
    shop: Shop, filled: Replica, there: Replica, version: Callable[[], int]
) -> None:
    conditional = replace(MERGE, if_match=parse_entity_tags(f'"{version()}"'))
    await die_after(filled, 1, conditional)
    await there.service.merger.finish("guest")
    merged = await there.service.merger.merge(conditional)
    assert (merged.written.replayed, lines(shop)) == (True, {"cup": 1, "mug": 2})


async def test_nor_do_other_writes_once_it_has_begun(
    shop: Shop, filled: Replica, there: Replica, version: Callable[[], int]
) -> None:
    conditional = replace(MERGE, if_match=parse_entity_tags(f'"{version()}"'))
    await die_after(filled, 1, conditional)
    await there.service.writer.write(CartWrite("ann", [AddItem("cup", 1)]))
    merged = await there.service.merger.merge(conditional)
    assert (merged.written.replayed, lines(shop)) == (True, {"cup": 2, "mug": 2})
    with pytest.raises(CartChanged):
        await there.service.merger.merge(replace(conditional, key="other"))


async def test_a_key_that_came_with_another_request_keeps_no_begun_merge_back(
    shop: Shop, filled: Replica, there: Replica
) -> None:
    await die_after(filled, 1)
    await there.service.writer.write(CartWrite("ann", [AddItem("cup", 1)], key="k"))
    await there.service.merger.finish("guest")
    assert lines(shop) == {"cup": 2, "mug": 2}
    with pytest.raises(IdempotencyKeyReused):
        await there.service.merger.merge(MERGE)


async def test_what_the_guest_adds_between_two_that_meet_under_one_key_is_not_lost(
    shop: Shop, filled: Replica, there: Replica
) -> None:
    there.carts.pause()
    late = asyncio.create_task(there.service.merger.merge(MERGE))
    await eventually(lambda: there.carts.reads == 1, every=0)
    there.carts.resume()
    there.carts.pause()
    await eventually(lambda: there.carts.reads == 2, every=0)  # it has seen the cart without the key
    await filled.service.merger.merge(MERGE)
    await filled.service.writer.write(CartWrite("guest", [AddItem("cup", 4)]))
    there.carts.resume()
    await late
    assert lines(shop) == {"cup": 5, "mug": 2}


async def test_of_two_that_meet_under_one_key_one_is_marked(filled: Replica, there: Replica) -> None:
    both = await asyncio.gather(filled.service.merger.merge(MERGE), there.service.merger.merge(MERGE))
    assert sorted(merged.written.replayed for merged in both) == [False, True]


@pytest.mark.parametrize("second", ["l", None])
async def test_a_repeat_tells_of_its_own_merge(filled: Replica, second: str | None) -> None:
    first = await filled.service.merger.merge(MERGE)
    await filled.service.writer.write(CartWrite("guest", [AddItem("cup", 1)]))
    later = await filled.service.merger.merge(replace(MERGE, key=second))
    again = await filled.service.merger.merge(MERGE)
    assert id_of(again) == id_of(first) != id_of(later)


async def test_so_does_the_repeat_of_a_repeat_under_another_key(filled: Replica) -> None:
    first = await filled.service.merger.merge(MERGE)
    other = replace(MERGE, key="other")
    assert id_of(await filled.service.merger.merge(other)) == id_of(first)
    await filled.service.writer.write(CartWrite("guest", [AddItem("cup", 1)]))
    await filled.service.merger.merge(replace(MERGE, key="l"))
    again = await filled.service.merger.merge(other)
    assert (again.written.replayed, id_of(again)) == (True, id_of(first))


async def test_a_repeat_of_what_found_nothing_finds_nothing(filled: Replica) -> None:
    await filled.service.writer.write(CartWrite("guest", [ClearCart()]))
    await filled.service.merger.merge(MERGE)
    await filled.service.writer.write(CartWrite("guest", [AddItem("cup", 1)]))
    await filled.service.merger.merge(replace(MERGE, key="l"))
    again = await filled.service.merger.merge(MERGE)
    assert (again.written.replayed, again.record) == (True, None)


def id_of(merged: Merged) -> str:
    assert merged.record is not None
    return merged.record.merge_id


async def test_a_dry_run_of_a_begun_merge_shows_what_is_left_of_it(
    shop: Shop, filled: Replica, there: Replica
) -> None:
    await die_after(filled, 1)
    dry = await there.service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM, dry_run=True))
    assert dry.record is not None
    assert [(line.product_id, line.quantity) for line in dry.record.report] == [("mug", 2)]
    assert lines(shop) == {"cup": 1}


async def test_undone_before_it_was_noted_done_it_can_be_made_again(
    shop: Shop, filled: Replica, there: Replica
) -> None:
    await die_after(filled, 2)
    await there.service.writer.write(CartWrite("ann", [UndoLast()]))
    assert lines(shop) == {"cup": 1}
    merged = await there.service.merger.merge(Merge("ann", "guest", MergeStrategy.MAX))
    assert merged.record is not None
    assert (merged.record.strategy, lines(shop)) == (MergeStrategy.MAX, {"cup": 1, "mug": 2})


Way = Callable[[Replica], Awaitable[object]]


async def by_its_event(replica: Replica) -> None:
    await replica.service.merger.finish("guest")


async def by_a_repeat(replica: Replica) -> None:
    await replica.service.merger.merge(MERGE)


@pytest.mark.parametrize("way", [by_its_event, by_a_repeat])
@pytest.mark.parametrize("writes", [1, 2, 3])
async def test_the_guests_code_comes_over_whoever_finishes(
    shop: Shop, filled: Replica, there: Replica, writes: int, way: Way
) -> None:
    await filled.service.promo_codes.put(CartWrite("guest", ()), "SPRING")
    await die_after(filled, writes)
    await way(there)
    assert (shop.carts["ann"].promo_code, shop.carts["guest"].promo_code) == ("SPRING", None)
    assert shop.kept.tallies["SPRING"].reserved == 1


async def test_a_code_that_cannot_be_had_at_the_moment_comes_later(
    shop: Shop, filled: Replica, there: Replica
) -> None:
    await filled.service.promo_codes.put(CartWrite("guest", ()), "SPRING")
    await die_after(filled, 1)
    shop.kept.faults.after = 0
    with pytest.raises(StoreUnavailable):
        await by_its_event(there)
    assert (lines(shop), shop.carts["ann"].promo_code) == ({"cup": 1, "mug": 2}, None)
    await by_its_event(there)
    assert shop.carts["ann"].promo_code == "SPRING"


@pytest.mark.parametrize("key", ["k", None])
async def test_a_code_that_the_guest_gets_later_stays_there(
    shop: Shop, filled: Replica, key: str | None
) -> None:
    await filled.service.merger.merge(replace(MERGE, key=key))
    await filled.service.promo_codes.put(CartWrite("guest", ()), "SPRING")
    await filled.service.merger.merge(replace(MERGE, key=key))
    assert (shop.carts["ann"].promo_code, shop.carts["guest"].promo_code) == (None, "SPRING")


async def test_a_repeat_does_not_put_the_code_back_on(shop: Shop, filled: Replica) -> None:
    await filled.service.promo_codes.put(CartWrite("guest", ()), "SPRING")
    await filled.service.merger.merge(replace(MERGE, key=None))
    await filled.service.promo_codes.remove(CartWrite("ann", ()))
    await filled.service.merger.merge(replace(MERGE, key=None))
    assert shop.carts["ann"].promo_code is None
    assert shop.kept.tallies.get("SPRING", Tally("SPRING")).reserved == 0
