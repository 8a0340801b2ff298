"""The cache while Redis is away, frozen, or back without its data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.cache.ports import Cached
from shared.cache.redis_cache import RedisCache
from shared.observability.metrics import REGISTRY
from tests.support.servers import RedisServer
from tests.support.waiting import eventually


@pytest.fixture
async def cache(redis_server: RedisServer) -> AsyncIterator[RedisCache]:
    opened = RedisCache(redis_server.url, probe_seconds=0.2)
    yield opened
    await opened.close()


@pytest.fixture
async def patient(redis_server: RedisServer) -> AsyncIterator[RedisCache]:
    """A cache that tries Redis once, and then not again during a test."""
    opened = RedisCache(redis_server.url, probe_seconds=600)
    yield opened
    await opened.close()


def _pipelines() -> float:
    """The number of pipelines that this process has sent to Redis."""
    return REGISTRY.get_sample_value("cache_batch_items_count") or 0


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
    assert not await cache.ping()
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


async def test_a_dead_redis_is_asked_only_once(patient: RedisCache, redis_server: RedisServer) -> None:
    redis_server.kill()
    await patient.get("key")
    asked = _pipelines()
    for _ in range(1000):
        assert await patient.get("key") is None
    assert _pipelines() == asked


async def test_a_frozen_redis_costs_its_timeout_to_one_caller_only(
    patient: RedisCache, redis_server: RedisServer
) -> None:
    await _is_back(patient)
    redis_server.pause()
    assert await patient.get("key") is None
    asked = _pipelines()
    assert await asyncio.gather(*(patient.get("key") for _ in range(20))) == [None] * 20
    assert _pipelines() == asked
    redis_server.resume()


async def test_a_frozen_redis_is_used_again_after_it_went_on(
    cache: RedisCache, redis_server: RedisServer
) -> None:
    await _is_back(cache)
    redis_server.pause()
    assert await cache.get("key") is None
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


async def test_what_waits_for_a_frozen_redis_is_bounded_in_bytes(redis_server: RedisServer) -> None:
    cache = RedisCache(redis_server.url, timeout_seconds=60)
    assert await cache.ping()
    redis_server.pause()
    large = [cache.set_if_newer(f"large:{n}", 1, b"x" * 2**20, 60) for n in range(16)]
    waiting = [asyncio.create_task(it) for it in large]
    await eventually(lambda: sum(task.done() for task in waiting) == 8)
    redis_server.resume()
    assert sorted(await asyncio.gather(*waiting)) == [False] * 8 + [True] * 8
    await cache.close()
