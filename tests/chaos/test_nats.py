"""NATS is away for a minute."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.chaos.load import Load
from tests.chaos.proofs import prove_nothing_lost_or_doubled
from tests.chaos.shops import ChaosShop

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

AWAY_SECONDS = float(os.environ.get("CHAOS_NATS_SECONDS", "60"))


async def test_carts_go_on_without_nats_and_every_event_arrives_later(shop: ChaosShop) -> None:
    """Every add of products that the replicas have heard of is answered at the first attempt; its event waits
    in the cart's document, and is in the stream, once, after NATS is back."""
    load = Load(await shop.guests(8), await shop.products(4), per_second=20)
    async with load.running():
        await shop.until(load, 100)
        await shop.stack.kill("nats")
        await asyncio.sleep(AWAY_SECONDS)
        assert await shop.pending_events(next(iter(load.accepted)))
        await shop.stack.restart("nats")
        await shop.until(load, load.total + 50)
    print(f"NATS away for {AWAY_SECONDS:g} s; {load}")
    assert set(load.attempts.seen) == {"200", "GET 200"}
    await prove_nothing_lost_or_doubled(shop, load)
