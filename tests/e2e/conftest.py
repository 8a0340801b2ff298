"""What runs during the end-to-end tests, each started at most once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.gateways import Gateway, StartGateway, running_gateway
from tests.e2e.shops import Person, Shop, running_shop, shop_at


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
    """A shop of the tests' own, shared by those that break nothing."""
    settings = {"CART_EVENTS_HEARTBEAT_SECONDS": "6"}  # longer than the gateway tries anything again
    directory = tmp_path_factory.mktemp("shop") / ".data"
    async with running_shop(directory, settings, auth=2, products=2, cart=2) as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="session")
async def fragile_shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop of one test, which may kill its parts."""
    async with running_shop(tmp_path, cart=2) as shop:
        yield shop


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def other_shop() -> AsyncIterator[Shop]:
    """The shop at BASE_URL."""
    async with shop_at(os.environ["BASE_URL"]) as shop:
        yield shop


@pytest.fixture(scope="session")
def shop(request: pytest.FixtureRequest) -> Shop:
    """The shop at BASE_URL, or one of our own."""
    chosen: Shop = request.getfixturevalue("other_shop" if os.environ.get("BASE_URL") else "own_shop")
    return chosen


@pytest_asyncio.fixture(loop_scope="session")
async def admin(shop: Shop) -> Person:
    """Someone who may change products."""
    if not shop.is_ours and "ADMIN_EMAIL" not in os.environ:
        pytest.skip("BASE_URL is not our own shop, and ADMIN_EMAIL and ADMIN_PASSWORD are not set")
    return await shop.admin()
