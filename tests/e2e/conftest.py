"""What runs during the end-to-end tests, each started at most once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.gateways import CARTS, Gateway, StartGateway, running_gateway
from tests.e2e.shops import Person, Shop, running_on, shop_at
from tests.support.chromium import running_chromium

STORES = ["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)]
StartShop = Callable[[str], Awaitable[Shop]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, for the tests of pages."""
    async with running_chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def start_gateway(tmp_path: Path) -> AsyncIterator[StartGateway]:
    """Starts a gateway of the test's own, with the given settings."""
    async with AsyncExitStack() as stack:

        async def start(*, carts: int = CARTS, **environment: str) -> Gateway:
            return await stack.enter_async_context(running_gateway(tmp_path, environment, carts=carts))

        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway with the default settings, shared by tests that kill nothing."""
    async with running_gateway(tmp_path_factory.mktemp("gateway"), {}) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def start_shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StartShop]:
    """Gives the shop on a store, shared by tests that break nothing; it runs from the first time on."""
    settings = {"CART_EVENTS_HEARTBEAT_SECONDS": "6"}  # longer than the gateway tries anything again
    started: dict[str, Shop] = {}
    async with AsyncExitStack() as stack:

        async def start(store: str) -> Shop:
            if store not in started:
                directory = tmp_path_factory.mktemp(store) / ".data"
                shop = running_on(store, directory, settings, auth=2, products=2, cart=2)
                started[store] = await stack.enter_async_context(shop)
            return started[store]

        yield start


@pytest_asyncio.fixture(params=STORES, loop_scope="session")
async def own_shop(request: pytest.FixtureRequest, start_shop: StartShop) -> Shop:
    """A shop of the tests' own, on each store in turn."""
    return await start_shop(request.param)


@pytest_asyncio.fixture(params=STORES, loop_scope="session")
async def fragile_shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop of one test, which may kill its parts."""
    async with running_on(request.param, tmp_path, cart=2) as shop:
        yield shop


@pytest_asyncio.fixture(params=["BASE_URL"] if "BASE_URL" in os.environ else STORES, loop_scope="session")
async def shop(request: pytest.FixtureRequest, start_shop: StartShop) -> AsyncIterator[Shop]:
    """The shop at BASE_URL, or one of our own."""
    if request.param == "BASE_URL":
        async with shop_at(os.environ["BASE_URL"]) as other:
            yield other
    else:
        yield await start_shop(request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(shop: Shop) -> Person:
    """Someone who may change products."""
    if not shop.is_ours and "ADMIN_EMAIL" not in os.environ:
        pytest.skip("BASE_URL is not our own shop, and ADMIN_EMAIL and ADMIN_PASSWORD are not set")
    return await shop.admin()
