"""A shop of three cart replicas for each test, on each store in turn, which the test may break."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.ids import new_id
from tests.chaos.shops import REPLICAS, ChaosShop
from tests.e2e.shops import running_shop
from tests.support.elasticsearch import delete_indices, elasticsearch_in_use, require_elasticsearch
from tests.support.proxy import Proxy

ELASTICSEARCH = pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)


@pytest_asyncio.fixture(loop_scope="session")
async def sqlite_shop(tmp_path: Path) -> AsyncIterator[ChaosShop]:
    """On SQLite."""
    async with running_shop(tmp_path / ".data", cart=REPLICAS) as shop:
        yield ChaosShop(shop)


@pytest.fixture
def restarts_elasticsearch() -> bool:
    """Whether a test takes the server that all workers share for itself."""
    return False


@pytest.fixture
def elasticsearch_address(restarts_elasticsearch: bool, shared_directory: Path) -> Iterator[str]:
    """The real Elasticsearch, once no test of another worker is in the way."""
    url = require_elasticsearch()
    with elasticsearch_in_use(shared_directory, alone=restarts_elasticsearch):
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def elasticsearch_shop(elasticsearch_address: str, tmp_path: Path) -> AsyncIterator[ChaosShop]:
    """On the real Elasticsearch, which every replica reaches through `proxy`, and in indices of its own."""
    url, prefix = elasticsearch_address, f"chaos-{new_id()}-"
    async with Proxy.to(url) as proxy:
        settings = {"ELASTICSEARCH_URL": proxy.url, "ELASTICSEARCH_INDEX_PREFIX": prefix}
        try:
            async with running_shop(tmp_path / ".data", settings, cart=REPLICAS) as shop:
                yield ChaosShop(shop, proxy)
        finally:
            delete_indices(url, prefix)


@pytest.fixture(params=["sqlite", ELASTICSEARCH])
def shop(request: pytest.FixtureRequest) -> ChaosShop:
    chosen: ChaosShop = request.getfixturevalue(f"{request.param}_shop")
    return chosen
