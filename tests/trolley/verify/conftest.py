"""Each test has its own NATS and Redis, because `verify` reads everything in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.servers import NatsServer, RedisServer
from tests.trolley.verify.shops import ShopWriter
from trolley.verify.shop import Shop, open_shop


@pytest.fixture
def reuses_indices() -> bool:
    return True


@pytest.fixture
def environment(
    store_settings: dict[str, Any], nats_server: NatsServer, redis_server: RedisServer
) -> dict[str, str]:
    if directory := store_settings.get("sqlite_directory"):
        directory.mkdir()  # `verify` makes no store
    settings = {**store_settings, "nats_url": nats_server.url, "redis_url": redis_server.url}
    return {name.upper(): str(value) for name, value in settings.items()}


@pytest.fixture
async def shop(environment: dict[str, str]) -> AsyncIterator[Shop]:
    async with open_shop(environment) as opened:
        yield opened


@pytest.fixture
def writer(shop: Shop) -> ShopWriter:
    return ShopWriter(shop)
