"""Elasticsearch itself is ended and started again."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.chaos.load import Load
from tests.chaos.proofs import prove_nothing_lost_or_doubled
from tests.chaos.shops import ChaosShop

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.elasticsearch,
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.fixture
def restarts_elasticsearch() -> bool:
    return True


async def test_no_accepted_add_is_lost_when_elasticsearch_restarts(elasticsearch_shop: ChaosShop) -> None:
    """The real server ends under load and comes back with its data: what it acknowledged is on its disk.

    `ELASTICSEARCH_RESTART` is the command that ends and starts it.
    """
    command = os.environ.get("ELASTICSEARCH_RESTART")
    if not command:
        pytest.skip("ELASTICSEARCH_RESTART, a command that restarts the server, is not set")
    load = Load(await elasticsearch_shop.guests(8), await elasticsearch_shop.products(4), per_second=60)
    async with load.running():
        await elasticsearch_shop.until(load, 100)
        restarting = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.DEVNULL)
        assert await restarting.wait() == 0
        await elasticsearch_shop.until(load, load.total + 100)
    print(f"Elasticsearch restarted; {load}")
    await prove_nothing_lost_or_doubled(elasticsearch_shop, load)
