"""Every answer that shows a cart's version is given only once no replica serves an older summary."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

import orjson
import pytest

from cart_service.carts.operations import AddItem
from cart_service.carts.records import MergeStrategy
from cart_service.carts.rendering import render_cart
from cart_service.carts.service import CartChanged, CartWrite
from cart_service.merging.service import Merge
from cart_service.promotions.model import Conditions, Percentage, Promotion
from shared.http.etag import parse_entity_tags
from shared.store.ports import StoreUnavailable
from tests.cart_service.memory import Replica, Shop

ADD = CartWrite("ann", [AddItem("cup", 1)])


async def die_after(dying: Replica, writes: int, request: Awaitable[object]) -> None:
    """So many writes are in the store, and nobody hears of the last one."""
    dying.carts.fail_at(writes - 1, is_written=True)
    with pytest.raises(StoreUnavailable):
        await request


@pytest.fixture
async def other(shop: Shop, there: Replica) -> Replica:
    return await shop.replica()


async def test_a_refused_write_tells_no_version_that_a_summary_lags_behind(
    here: Replica, there: Replica, other: Replica
) -> None:
    known = (await here.service.writer.write(ADD)).cart.version
    await die_after(here, 1, here.service.writer.write(ADD))
    with pytest.raises(CartChanged) as refused:
        await there.service.writer.write(replace(ADD, if_match=parse_entity_tags(f'"{known}"')))
    shown = refused.value.priced.cart.version
    assert shown == known + 1
    assert [(await it.service.summaries.get("ann")).version for it in (there, other)] == [shown] * 2


@pytest.mark.parametrize("dry_run", [False, True])
async def test_neither_does_a_merge_that_writes_nothing(
    shop: Shop, here: Replica, there: Replica, other: Replica, dry_run: bool
) -> None:
    await here.service.writer.write(CartWrite("guest", [AddItem("mug", 2)]))
    await here.service.writer.write(ADD)
    merge = Merge("ann", "guest", MergeStrategy.SUM, key="k")
    await die_after(here, 2, here.service.merger.merge(merge))
    again = Merge("ann", "guest", MergeStrategy.SUM, dry_run=True) if dry_run else merge
    merged = await there.service.merger.merge(again)
    assert merged.written.replayed is not dry_run
    shown = merged.written.cart.version
    assert shown == shop.carts["ann"].version
    assert [(await it.service.summaries.get("ann")).version for it in (there, other)] == [shown] * 2


async def test_a_refused_write_shows_a_promotion_that_this_replica_has_not_heard_of(
    shop: Shop, here: Replica, there: Replica
) -> None:
    moment = shop.clock.moment
    shop.kept.promotions["SPRING"] = Promotion("SPRING", Percentage(50), Conditions(), "USD", "", moment)
    await here.service.writer.write(ADD)
    await here.service.promo_codes.put(CartWrite("ann", ()), "SPRING")
    with pytest.raises(CartChanged) as refused:
        await there.service.writer.write(replace(ADD, if_match=parse_entity_tags('"7"')))
    assert refused.value.priced.promo_code.counts is True


async def test_what_a_dry_run_shows_is_of_the_stored_version(shop: Shop, here: Replica) -> None:
    await here.service.writer.write(CartWrite("guest", [AddItem("mug", 2)]))
    await here.service.writer.write(ADD)
    stored = shop.carts["ann"]
    dry = await here.service.merger.merge(Merge("ann", "guest", MergeStrategy.SUM, dry_run=True))
    body = orjson.loads(render_cart(dry.written.priced).body)
    assert (body["version"], body["item_count"]) == (stored.version, 3)
    assert shop.carts["ann"] == stored
