"""The rules of the summary cache, one by one; `test_summaries_stateful` mixes them."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from cart_service.carts.operations import AddItem
from cart_service.carts.ports import Rendered
from cart_service.carts.rendering import render_cart
from cart_service.carts.service import CartWrite
from cart_service.carts.summaries import SummaryNotSecured, cache_key
from tests.cart_service.memory import Replica, Shop
from tests.support.waiting import eventually

KEY = cache_key("ann")


async def add(replica: Replica, product: str = "mug", quantity: int = 1) -> dict[str, Any]:
    written = await replica.service.writer.write(CartWrite("ann", [AddItem(product, quantity)]))
    return orjson.loads(render_cart(written.priced).body)


def body(summary: Rendered) -> dict[str, Any]:
    return orjson.loads(summary.body)


async def read(replica: Replica) -> dict[str, Any]:
    return body(await replica.service.summaries.get("ann"))


async def begin(replica: Replica) -> asyncio.Task[Rendered]:
    """A read that has got the cart from the store, and whose answer is held back."""
    replica.carts.pause()
    before = replica.carts.reads
    task = asyncio.create_task(replica.service.summaries.get("ann"))
    await eventually(lambda: replica.carts.reads > before)
    return task


async def test_a_cached_summary_is_read_without_the_store(here: Replica, there: Replica) -> None:
    await add(here)
    for replica in (here, there):
        assert (await read(replica))["item_count"] == 1
        assert replica.carts.reads == 0


async def test_a_miss_is_built_once_and_kept(shop: Shop, here: Replica) -> None:
    await add(here)
    shop.values.clear()
    summaries = await asyncio.gather(*(here.service.summaries.get("ann") for _ in range(50)))
    assert {summary.body for summary in summaries} == {shop.values[KEY].value.split(b"\n", 5)[5]}
    assert here.carts.reads == 2  # one to build it, one to see that nothing overtook it


async def test_an_empty_cart_has_a_summary(here: Replica) -> None:
    summary = await read(here)
    assert (summary["version"], summary["items"], summary["total"]) == (0, [], 0)


async def test_a_price_change_shows_once_it_was_heard(shop: Shop, here: Replica, there: Replica) -> None:
    await add(here)
    price = shop.bucket.put_product("mug")
    here.watch.deliver()
    assert (await read(here))["total"] == price
    assert (await read(there))["total"] == price  # the cache has it now, though `there` heard nothing yet


async def test_another_products_change_costs_nothing(shop: Shop, here: Replica) -> None:
    await add(here)
    shop.bucket.put_product("cup")
    here.watch.deliver()
    await read(here)
    assert here.carts.reads == 0


async def test_what_was_built_before_a_replica_heard_anything_is_built_again(
    shop: Shop, here: Replica
) -> None:
    await add(here)
    price = shop.bucket.put_product("mug")
    late = await shop.replica()
    assert (await read(late))["total"] == price


async def test_after_a_gap_everything_is_read_again(shop: Shop, here: Replica) -> None:
    await add(here)
    price = shop.bucket.put_product("mug")
    here.watch.miss()
    assert (await read(here))["total"] == price


async def test_a_slower_build_replaces_no_newer_cart(shop: Shop, here: Replica, there: Replica) -> None:
    await add(here)
    shop.values.clear()
    slow = await begin(there)
    await add(here)
    there.carts.resume()
    await slow
    assert (await read(here))["item_count"] == 2
    assert here.carts.reads == 0


async def test_a_slower_build_puts_nothing_back_after_an_eviction(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await add(here)
    shop.values.clear()
    slow = await begin(there)
    await add(here)
    shop.values.clear()
    there.carts.resume()
    assert body(await slow)["version"] == 1
    third = await shop.replica()
    assert (await read(third))["version"] == 2


async def test_a_slower_build_replaces_no_newer_price(shop: Shop, here: Replica, there: Replica) -> None:
    await add(here)
    shop.values.clear()
    slow = await begin(there)
    price = shop.bucket.put_product("mug")
    here.watch.deliver()
    await read(here)
    there.carts.resume()
    await slow
    assert (await read(here))["total"] == price


async def test_a_read_after_a_write_shares_no_build_begun_before_it(shop: Shop, here: Replica) -> None:
    await add(here)
    shop.values.clear()
    slow = await begin(here)
    await add(here)
    shop.values.clear()
    after = asyncio.create_task(here.service.summaries.get("ann"))
    here.carts.resume()
    assert body(await after)["version"] == 2
    assert body(await slow)["version"] == 1


async def test_an_older_summary_is_not_served_where_redis_missed_a_write(
    here: Replica, there: Replica
) -> None:
    await add(here)
    here.cache.available = False
    await add(here)
    assert (await read(there))["version"] == 2
    assert (await read(here))["version"] == 2


async def test_a_replica_that_is_behind_with_announcements_catches_up(
    shop: Shop, here: Replica, there: Replica
) -> None:
    """What is not promised: until the announcement has arrived it serves what Redis has."""
    await add(here)
    shop.announcements.lag = True
    here.cache.available = False
    await add(here)
    assert (await read(there))["version"] == 1
    there.announcements.deliver()
    assert (await read(there))["version"] == 2


async def test_a_replica_that_may_miss_announcements_asks_the_store(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await add(here)
    there.announcements.connected = False
    there.announcements.leave()
    assert (await read(there))["version"] == 1
    assert there.carts.reads == 1  # only the version was asked for
    here.cache.available = False
    await add(here)
    assert (await read(there))["version"] == 2


async def test_writes_go_on_without_redis_and_nats(here: Replica) -> None:
    here.cache.available = here.announcements.connected = False
    await add(here)
    assert (await read(here))["version"] == 1


async def test_reading_the_cart_makes_its_version_known(shop: Shop, here: Replica, there: Replica) -> None:
    await add(here)
    shop.carts["ann"] = shop.carts["ann"].add("mug", 4, 1, "").after(shop.carts["ann"], "")  # the writer died
    assert body(render_cart(await there.service.reader.read("ann")))["version"] == 2
    assert (await read(here))["version"] == 2
    writes = there.cache.writes
    await there.service.reader.read("ann")
    assert there.cache.writes == writes


async def test_the_durable_event_finishes_what_a_writer_did_not(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await add(here)
    shop.carts["ann"] = shop.carts["ann"].add("mug", 4, 1, "").after(shop.carts["ann"], "")
    await there.service.cleanup.cart_written("ann", 2)
    assert (await read(here))["version"] == 2
    writes = there.cache.writes
    await there.service.cleanup.cart_written("ann", 2)
    assert there.cache.writes == writes


async def test_the_durable_event_never_replaces_a_ready_summary(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await add(here)
    await there.service.cleanup.cart_written("ann", 1)
    assert shop.values[KEY].value


async def test_the_durable_event_comes_again_while_nobody_can_be_told(here: Replica) -> None:
    here.cache.available = here.announcements.connected = False
    with pytest.raises(SummaryNotSecured):
        await here.service.cleanup.cart_written("ann", 5)


async def test_a_deleted_owner_leaves_nothing(shop: Shop, here: Replica) -> None:
    await add(here)
    for _ in range(2):
        await here.service.cleanup.owner_was_deleted("ann")
        assert shop.carts == {}
        assert shop.values == {}
    assert (await add(here))["version"] == 1
    assert (await read(here))["version"] == 1


async def test_a_deletion_comes_again_until_the_cache_has_confirmed_it(here: Replica) -> None:
    here.cache.available = False
    with pytest.raises(SummaryNotSecured):
        await here.service.cleanup.owner_was_deleted("ann")


async def test_a_build_that_a_removal_overtakes_leaves_no_summary(
    shop: Shop, here: Replica, there: Replica
) -> None:
    """The cart's life ended while its summary was built."""
    await add(here)
    shop.values.clear()
    building = await begin(there)
    removed = shop.carts["ann"]
    await here.carts.remove("ann")
    await here.service.cleanup.expired_cart_was_removed(removed)
    there.carts.resume()
    await building
    assert KEY not in shop.values
    assert (await read(there))["item_count"] == 0
