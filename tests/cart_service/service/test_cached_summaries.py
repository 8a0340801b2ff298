"""What is in the cache: written by other releases, or looked at for longer than a cart lives."""

from __future__ import annotations

import pytest

from cart_service.service.summaries import FORMAT
from shared.cache.ports import Cached
from tests.cart_service.memory import Replica, Shop
from tests.cart_service.service.test_summaries import KEY, add, read

SPOILT = FORMAT + b"\ntag\nlater\n\nmug\n{}"


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
