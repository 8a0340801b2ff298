"""What keeps live carts up to date."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from cart_service.carts.rendering import render_cart
from cart_service.live.feed import EndReason
from shared.store.ports import StoreUnavailable
from tests.cart_service.stage import START, Stage, reason, shown, version_of, viewer
from tests.support.waiting import eventually


async def test_a_stream_begins_with_the_present_cart_and_shows_each_change(stage: Stage) -> None:
    with stage.live.open("ann", viewer()) as stream:
        assert await version_of(stream) == 1
        for version in (2, 3):
            stage.change(version)
            assert await version_of(stream) == version


async def test_what_the_client_has_is_not_sent(stage: Stage) -> None:
    known = render_cart(await stage.read("ann", lambda _products, _code: None)).etag
    with stage.live.open("ann", viewer(), known=known) as stream:
        await eventually(lambda: stage.reads == 2)
        stage.live.everything_changed()
        await eventually(lambda: stage.reads == 3)
        stage.change(2)
        assert await version_of(stream) == 2


async def test_streams_of_one_cart_share_a_reading(stage: Stage) -> None:
    with (
        stage.live.open("ann", viewer()) as phone,
        stage.live.open("ann", viewer()) as laptop,
        stage.live.open("ann", viewer()) as slow,
    ):
        assert [await version_of(it) for it in (phone, laptop, slow)] == [1, 1, 1]
        reads = stage.reads
        stage.change(2)
        assert [await version_of(it) for it in (phone, laptop)] == [2, 2]
        assert stage.reads == reads + 1
        for version in (3, 4, 5):
            stage.change(version)
            assert await version_of(phone) == version
        assert await version_of(slow) == 5  # the newest; nothing was kept for it


async def test_a_repeated_or_late_announcement_costs_no_reading(stage: Stage) -> None:
    with stage.live.open("ann", viewer()) as stream:
        stage.change(7)
        assert await version_of(stream) == 7
        reads = stage.reads
        for version in (7, 5):
            stage.live.cart_changed("ann", version)
        stage.change(8)
        assert await version_of(stream) == 8
        assert stage.reads == reads + 1


async def test_what_is_announced_during_a_reading_is_shown_after_it(stage: Stage) -> None:
    stage.gate.clear()
    with stage.live.open("ann", viewer()) as stream:
        await eventually(lambda: stage.reading)
        stage.change(2)
        stage.gate.set()
        while await version_of(stream) < 2:
            continue


async def test_a_later_stream_begins_with_a_reading_of_its_own(stage: Stage) -> None:
    stage.gate.clear()
    with stage.live.open("ann", viewer()):
        await eventually(lambda: stage.reading)
        stage.version = 2  # written and answered before the second stream is opened, not announced yet
        with stage.live.open("ann", viewer()) as second:
            stage.gate.set()
            assert await version_of(second) == 2


async def test_a_change_of_a_product_reaches_the_carts_that_show_it(stage: Stage) -> None:
    stage.products = ["mug"]
    with stage.live.open("ann", viewer()) as stream:
        await shown(stream)
        reads = stage.reads
        stage.live.product_changed("cup")
        stage.live.product_changed("mug")
        await eventually(lambda: stage.reads == reads + 1)
        stage.products = ["cup"]
        stage.change(2)
        await shown(stream)
        stage.live.product_changed("mug")
        await turns()
        assert stage.reads == reads + 2
        stage.live.product_changed("cup")
        await eventually(lambda: stage.reads == reads + 3)


async def turns() -> None:
    """Enough of the loop's turns for a reading to begin."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_change_of_its_promotion_reaches_a_cart(stage: Stage) -> None:
    stage.promo_code = "TEN"
    with stage.live.open("ann", viewer()) as stream:
        await shown(stream)
        stage.version = 2  # stands for the other price
        stage.live.promotion_changed("OTHER")
        stage.live.promotion_changed("TEN")
        assert await version_of(stream) == 2
        assert stage.reads == 2


async def test_a_product_that_changes_during_the_reading_has_it_read_again(stage: Stage) -> None:
    stage.products = ["mug"]
    stage.gate.clear()
    with stage.live.open("ann", viewer()):
        await eventually(lambda: stage.reading)
        stage.live.product_changed("mug")
        stage.gate.set()
        await eventually(lambda: stage.reads == 2)


async def test_when_a_price_ends_by_time_the_cart_is_read_again(stage: Stage) -> None:
    stage.valid_until = START + timedelta(seconds=30)
    with stage.live.open("ann", viewer()) as stream:
        await shown(stream)
        stage.valid_until, stage.version = None, 2  # stands for the other price
        stage.moment += timedelta(seconds=30)
        assert await version_of(stream) == 2


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ValueError("a bug")])
async def test_a_reading_that_fails_is_tried_again(stage: Stage, error: Exception) -> None:
    stage.failures = [error, error]
    with stage.live.open("ann", viewer()) as stream:
        assert await version_of(stream) == 1
    assert stage.reads == 3


async def test_of_a_stream_that_asked_for_one_look_nothing_follows(stage: Stage) -> None:
    with stage.live.open("ann", viewer(), once=True) as stream:
        etag = (await shown(stream)).etag
        assert await reason(stream) is EndReason.ONCE
    with stage.live.open("ann", viewer(), known=etag, once=True) as stream:
        assert await reason(stream) is EndReason.ONCE
