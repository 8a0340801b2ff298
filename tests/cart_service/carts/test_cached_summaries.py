"""What is in the cache: written by other releases, or looked at for longer than a cart lives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cart_service.carts.operations import AddItem
from cart_service.carts.schemas import SUMMARY_FORMAT
from cart_service.carts.service import CartWrite
from cart_service.carts.summaries import MOST_LINES_WRITTEN_THROUGH
from shared.cache.ports import Cached
from tests.cart_service.carts.test_summaries import KEY, add, begin, read
from tests.cart_service.memory import Replica, Shop

SPOILT = SUMMARY_FORMAT + b"\ntag\nlater\n\nmug\n{}"


@pytest.mark.parametrize("value", [b"{}", b"tag\n0\n\nmug\n{}", b"1\n\xff\n0\n\n\n{}", SPOILT])
async def test_what_another_release_kept_is_a_miss(
    shop: Shop, here: Replica, there: Replica, value: bytes
) -> None:
    await add(here)
    shop.values[KEY] = Cached(shop.values[KEY].version, value)
    assert (await read(there))["item_count"] == 1
    before = there.carts.reads
    await read(there)
    assert there.carts.reads == before


async def test_what_another_release_writes_outdates_what_is_known_here(
    shop: Shop, here: Replica, there: Replica
) -> None:
    """Both use one key: a write at the other is never hidden behind a summary that only this one reads."""
    await add(here)
    await add(there)
    shop.values[KEY] = Cached(shop.values[KEY].version, b"other\n" + shop.values[KEY].value)
    assert (await read(here))["version"] == 2


async def test_a_look_after_half_a_life_is_one_write_and_no_look_after_it_is(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await add(here)
    shop.clock.moment += timedelta(days=46)
    for replica in (there, here, there):
        await read(replica)
    assert (here.carts.writes, there.carts.writes) == (1, 1)
    reads = there.carts.reads
    await read(there)
    assert there.carts.reads == reads


async def test_a_reader_is_not_concerned_by_a_cart_that_cannot_be_kept(shop: Shop, here: Replica) -> None:
    await add(here)
    shop.clock.moment += timedelta(days=46)
    here.carts.fail_at(0, is_written=False)
    assert (await read(here))["item_count"] == 1
    reads = here.carts.reads
    await read(here)  # it is tried again when the summary is built next
    assert here.carts.reads == reads
    shop.values.clear()
    await read(here)
    assert here.carts.writes == 2


async def test_an_older_summary_that_comes_late_is_outdated_whatever_is_known_here(
    shop: Shop, here: Replica, there: Replica
) -> None:
    """The announcement has reached this replica, and not yet the third."""
    await add(here)
    third = await shop.replica()
    shop.announcements.lag = True
    shop.values.clear()
    slow = await begin(there)
    here.cache.available = False
    await add(here)
    here.cache.available = True
    there.announcements.deliver()
    await read(here)
    shop.values.clear()
    there.carts.resume()
    await slow
    assert (await read(third))["version"] == 2


@pytest.fixture
async def long_cart(shop: Shop, here: Replica) -> None:
    """As long as those that writes put into the cache whole may be."""
    ids = [f"p{number}" for number in range(MOST_LINES_WRITTEN_THROUGH)]
    for id in ids:
        shop.bucket.put_product(id)
    await here.service.writer.write(CartWrite("ann", [AddItem(id, 1) for id in ids]))


@pytest.mark.usefixtures("long_cart")
async def test_the_summary_of_a_long_cart_is_left_to_its_reader(
    shop: Shop, here: Replica, there: Replica
) -> None:
    assert shop.values[KEY].value
    for number in (2, 3):
        writes = here.cache.writes
        await add(here)  # one line more, or one piece
        assert here.cache.writes == writes + 1
        assert not shop.values[KEY].value
        assert (await read(there))["version"] == number
        assert shop.values[KEY].value
        reads = there.carts.reads
        assert (await read(there))["line_count"] == MOST_LINES_WRITTEN_THROUGH + 1
        assert there.carts.reads == reads  # from the cache


@pytest.mark.usefixtures("long_cart")
async def test_without_redis_a_write_of_a_long_cart_is_announced(
    shop: Shop, here: Replica, there: Replica
) -> None:
    await add(here)
    await read(there)
    here.cache.available = False
    await add(here)
    assert (await read(there))["version"] == 3
    here.announcements.connected = False
    await add(here)  # no replica can be informed, and the write succeeds
    assert shop.carts["ann"].version == 4
