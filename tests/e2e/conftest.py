"""What runs during the end-to-end tests, each started at most once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.gateways import Gateway, StartGateway, running_gateway
from tests.e2e.shops import Shop, running_shop, shop_at


@pytest_asyncio.fixture(loop_scope="session")
async def start_gateway(tmp_path: Path) -> AsyncIterator[StartGateway]:
    """Starts a gateway of the test's own, with the given settings."""
    async with AsyncExitStack() as stack:

        async def start(**environment: str) -> Gateway:
            return await stack.enter_async_context(running_gateway(tmp_path, environment))

        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway with the default settings, shared by tests that kill nothing."""
    async with running_gateway(tmp_path_factory.mktemp("gateway"), {}) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def own_shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A shop of the tests' own, whose parts they may kill; they leave it as they found it."""
    async with running_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    """The shop at BASE_URL, or one of our own."""
    base_url = os.environ.get("BASE_URL")
    if not base_url:
        yield request.getfixturevalue("own_shop")
        return
    async with shop_at(base_url) as shop:
        yield shop
