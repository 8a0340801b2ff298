"""The cache while Redis is away, frozen, or back without its data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from shared.cache.ports import Cached
from shared.cache.redis_cache import RedisCache
from tests.support.servers import RedisServer
from tests.support.waiting import eventually


@pytest.fixture
async def cache(redis_server: RedisServer) -> AsyncIterator[RedisCache]:
    opened = RedisCache(redis_server.url, probe_seconds=0.2)
    yield opened
    await opened.close()


async def _is_back(cache: RedisCache) -> None:
    async def stores() -> bool:
        return await cache.set_if_newer("probe", 1, b"", 60)

    await eventually(stores)


async def test_a_ping_notices_what_nobody_else_has(cache: RedisCache, redis_server: RedisServer) -> None:
    await eventually(cache.ping)
    redis_server.kill()
    assert cache.available
    assert not await cache.ping()
    assert not cache.available
    redis_server.start()
    await eventually(cache.ping)
    assert cache.available
    redis_server.pause()
    started = time.monotonic()
    assert not await cache.ping()
    assert time.monotonic() - started < 5
    redis_server.kill()  # a frozen one would not end when it is asked to


async def test_redis_killed_and_back(cache: RedisCache, redis_server: RedisServer) -> None:
    await _is_back(cache)
    assert await cache.set_if_newer("key", 1, b"value", 60)
    redis_server.kill()
    assert await cache.get("key") is None
    assert not await cache.set_if_newer("key", 2, b"", 60)
    assert not await cache.delete("key")
    assert not cache.available
    redis_server.start()
    await _is_back(cache)
    assert cache.available
    assert await cache.get("key") is None
    assert await cache.set_if_newer("key", 1, b"again", 60)
    assert await cache.get("key") == Cached(1, b"again")


async def test_a_dead_redis_costs_nothing(cache: RedisCache, redis_server: RedisServer) -> None:
    redis_server.kill()
    await cache.get("key")
    began = time.monotonic()
    for _ in range(1000):
        await cache.get("key")
    assert time.monotonic() - began < 1


async def test_a_frozen_redis_costs_its_timeout_to_one_caller_only(
    cache: RedisCache, redis_server: RedisServer
) -> None:
    await _is_back(cache)
    redis_server.pause()
    assert await cache.get("key") is None
    await eventually(lambda: not cache.available)
    slow = 0
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        began = time.monotonic()
        await asyncio.gather(*(cache.get("key") for _ in range(20)))
        slow += time.monotonic() - began > 0.1
        await asyncio.sleep(0.01)
    assert slow <= 6  # a probe every 0.2 s
    redis_server.resume()
    await _is_back(cache)


async def test_a_cache_that_never_was_there_is_no_error(free_port: int) -> None:
    cache = RedisCache(f"redis://:hunter2@127.0.0.1:{free_port}/0")
    assert await cache.get("key") is None
    assert not await cache.set_if_newer("key", 1, b"", 60)
    assert not cache.available
    await cache.close()
    assert not await cache.set_if_newer("key", 1, b"", 60)


async def test_a_caller_that_goes_away_disturbs_no_other(cache: RedisCache) -> None:
    await _is_back(cache)
    tasks = [asyncio.create_task(cache.set_if_newer(f"k{n}", n, b"", 60)) for n in range(100)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(outcome is True for outcome in outcomes[1::2])
    assert await cache.get("k99") == Cached(99, b"")
