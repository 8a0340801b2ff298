"""Redis dies under load and comes back empty."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.load import Load
from tests.chaos.proofs import prove_nothing_lost_or_doubled
from tests.chaos.shops import ChaosShop

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

AWAY_SECONDS = 5


async def test_nobody_notices_that_redis_dies(shop: ChaosShop) -> None:
    """Every add and every read is answered at the first attempt, and no summary is ever stale: neither while
    Redis is away, nor from what replicas remember once it is back and empty."""
    load = Load(await shop.guests(8), await shop.products(4), per_second=60)
    async with load.running():
        await shop.until(load, 100)
        await shop.stack.kill("redis")
        await asyncio.sleep(AWAY_SECONDS)
        await shop.stack.restart("redis")
        await shop.until(load, load.total + 100)
    print(f"Redis away for {AWAY_SECONDS} s; {load}")
    assert set(load.attempts.seen) == {"200", "GET 200"}
    await prove_nothing_lost_or_doubled(shop, load)
