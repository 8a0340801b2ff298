"""A shop of three cart replicas for each test, on each store in turn, which the test may break.

Cases of one store run in one worker, one after the other; the stores run side by side.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.ids import new_id
from tests.chaos.proxy import Proxy
from tests.chaos.shops import REPLICAS, ChaosShop
from tests.e2e.shops import running_shop
from tests.support.elasticsearch import delete_indices, require_elasticsearch

SQLITE = pytest.param("sqlite", marks=pytest.mark.xdist_group("sqlite"))
ELASTICSEARCH = pytest.param(
    "elasticsearch", marks=[pytest.mark.elasticsearch, pytest.mark.xdist_group("elasticsearch")]
)


@pytest_asyncio.fixture(loop_scope="session")
async def sqlite_shop(tmp_path: Path) -> AsyncIterator[ChaosShop]:
    """On SQLite."""
    async with running_shop(tmp_path / ".data", cart=REPLICAS) as shop:
        yield ChaosShop(shop)


@pytest_asyncio.fixture(loop_scope="session")
async def elasticsearch_shop(tmp_path: Path) -> AsyncIterator[ChaosShop]:
    """On the real Elasticsearch, which every replica reaches through `proxy`, and in indices of its own."""
    url, prefix = require_elasticsearch(), f"chaos-{new_id()}-"
    async with Proxy.to(url) as proxy:
        settings = {"ELASTICSEARCH_URL": proxy.url, "ELASTICSEARCH_INDEX_PREFIX": prefix}
        try:
            async with running_shop(tmp_path / ".data", settings, cart=REPLICAS) as shop:
                yield ChaosShop(shop, proxy)
        finally:
            delete_indices(url, prefix)


@pytest.fixture(params=[SQLITE, ELASTICSEARCH])
def shop(request: pytest.FixtureRequest) -> ChaosShop:
    chosen: ChaosShop = request.getfixturevalue(f"{request.param}_shop")
    return chosen
