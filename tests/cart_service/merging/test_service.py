"""A merge that is cut off anywhere is finished by a repeat, or by the event that its first half published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson
import pytest

from cart_service.carts.operations import AddItem
from cart_service.carts.records import MergeStrategy
from cart_service.carts.rendering import render_cart
from cart_service.carts.service import CartWrite
from cart_service.merging.service import Merge
from shared.store.ports import StoreUnavailable
from tests.cart_service.memory import Replica, Shop

MERGE = Merge("ann", "guest", MergeStrategy.SUM, key="k")
WRITES = 3  # the guest's cart, the customer's, the guest's again

Way = Callable[[Replica], Awaitable[object]]


@pytest.fixture
async def filled(here: Replica) -> Replica:
    await here.service.writer.write(CartWrite("guest", [AddItem("mug", 2)]))
    await here.service.writer.write(CartWrite("ann", [AddItem("mug", 1)]))
    here.carts.writes = 0
    return here


async def quantities(replica: Replica, owner: str) -> dict[str, int]:
    cart = orjson.loads(render_cart(await replica.service.reader.read(owner)).body)
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def by_its_event(replica: Replica) -> None:
    await replica.service.merger.finish("guest")


async def by_a_repeat(replica: Replica) -> None:
    await replica.service.merger.merge(MERGE)


async def test_a_merge_is_three_writes(filled: Replica) -> None:
    await filled.service.merger.merge(MERGE)
    assert filled.carts.writes == WRITES


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("cut", range(WRITES))
@pytest.mark.parametrize("ways", [[by_a_repeat], [by_its_event], [by_its_event, by_a_repeat]])
async def test_cut_off_at_any_write_it_is_finished_once(
    filled: Replica, there: Replica, cut: int, is_written: bool, ways: list[Way]
) -> None:
    filled.carts.fail_at(cut, is_written=is_written)
    with pytest.raises(StoreUnavailable):
        await filled.service.merger.merge(MERGE)
    for way in ways * 2:
        await way(there)
    if ways == [by_its_event] and cut == 0 and not is_written:
        expected = {"mug": 1}, {"mug": 2}  # nothing had begun, so nothing is to be finished
    else:
        expected = {"mug": 3}, {}
    assert (await quantities(there, "ann"), await quantities(there, "guest")) == expected


async def test_an_earlier_merge_is_finished_before_another_begins(filled: Replica) -> None:
    filled.carts.fail_at(1, is_written=False)
    with pytest.raises(StoreUnavailable):
        await filled.service.merger.merge(MERGE)
    await filled.service.writer.write(CartWrite("guest", [AddItem("cup", 4)]))
    merged = await filled.service.merger.merge(Merge("bob", "guest", MergeStrategy.SUM))
    assert [line.product_id for line in merged.record.report] == ["cup"]
    assert await quantities(filled, "ann") == {"mug": 3}
    assert await quantities(filled, "bob") == {"cup": 4}


async def test_the_same_customer_gets_both(filled: Replica) -> None:
    filled.carts.fail_at(1, is_written=False)
    with pytest.raises(StoreUnavailable):
        await filled.service.merger.merge(MERGE)
    await filled.service.writer.write(CartWrite("guest", [AddItem("cup", 4)]))
    repeated = await filled.service.merger.merge(MERGE)
    assert (repeated.written.replayed, await quantities(filled, "ann")) == (True, {"mug": 3})
    await filled.service.merger.merge(replace(MERGE, key="another"))
    assert await quantities(filled, "ann") == {"mug": 3, "cup": 4}


async def test_a_finished_merge_is_not_finished_again(shop: Shop, filled: Replica) -> None:
    await filled.service.merger.merge(MERGE)
    stored = dict(shop.carts)
    await by_its_event(filled)
    assert shop.carts == stored
