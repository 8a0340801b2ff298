"""The contract of the cache, on a real Redis and on the server of fakeredis."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from shared.cache.ports import Cached
from shared.cache.redis_cache import RedisCache
from shared.ids import new_id
from tests.support.servers import RedisServer, find_program
from tests.support.waiting import eventually


@pytest.fixture(params=["redis", "fakeredis"], scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "redis" and find_program("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(tmp_path_factory.mktemp("cache"), fake=request.param == "fakeredis")
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
async def cache(url: str) -> AsyncIterator[RedisCache]:
    # Generous: a busy machine shall not make a slow answer look like an absent server.
    opened = RedisCache(url, timeout_seconds=5)
    yield opened
    await opened.close()


@pytest.fixture
def key() -> str:
    return f"test:{new_id()}"


async def test_nothing_is_there_at_first(cache: RedisCache, key: str) -> None:
    assert await cache.get(key) is None
    assert cache.available


@pytest.mark.parametrize("value", [b"", b"text", bytes(range(256)) * 40])
async def test_a_value_comes_back_with_its_version(cache: RedisCache, key: str, value: bytes) -> None:
    assert await cache.set_if_newer(key, 7, value, 60)
    assert await cache.get(key) == Cached(7, value)


async def test_an_older_version_never_replaces_a_newer_one(cache: RedisCache, key: str) -> None:
    await cache.set_if_newer(key, 10, b"ten", 60)
    assert await cache.set_if_newer(key, 9, b"nine", 60)
    assert await cache.get(key) == Cached(10, b"ten")
    assert await cache.set_if_newer(key, 10, b"ten again", 60)
    assert await cache.get(key) == Cached(10, b"ten again")


async def test_versions_are_exact_beyond_what_a_float_holds(cache: RedisCache, key: str) -> None:
    await cache.set_if_newer(key, 2**63 - 1, b"newer", 60)
    await cache.set_if_newer(key, 2**63 - 2, b"older", 60)
    assert await cache.get(key) == Cached(2**63 - 1, b"newer")


@pytest.mark.parametrize(("version", "ttl"), [(-1, 60), (10**20, 60), (1, 0)])
async def test_what_cannot_be_stored_is_refused(cache: RedisCache, key: str, version: int, ttl: int) -> None:
    with pytest.raises(ValueError, match="not cacheable"):
        await cache.set_if_newer(key, version, b"", ttl)


async def test_a_scan_gives_the_keys_that_begin_so(cache: RedisCache, key: str) -> None:
    keys = {f"{key}:{number}" for number in range(1200)}
    await asyncio.gather(*(cache.set_if_newer(each, 1, b"", 60) for each in keys))
    await cache.set_if_newer(f"another:{key}", 1, b"", 60)
    assert {each async for each in cache.scan(f"{key}:")} == keys
    assert [each async for each in cache.scan(f"{key}:none")] == []


async def test_a_deleted_value_is_gone(cache: RedisCache, key: str) -> None:
    await cache.set_if_newer(key, 1, b"", 60)
    assert await cache.delete(key)
    assert await cache.get(key) is None
    assert await cache.delete(key)


async def test_a_value_disappears_after_its_time(cache: RedisCache, key: str) -> None:
    await cache.set_if_newer(key, 1, b"", 1)

    async def is_gone() -> bool:
        return await cache.get(key) is None

    await eventually(is_gone)


@settings(max_examples=25)
@given(versions=st.lists(st.integers(0, 50), min_size=1, max_size=30))
async def test_of_many_at_once_the_newest_stays(cache: RedisCache, url: str, versions: list[int]) -> None:
    key, other = f"test:{new_id()}", RedisCache(url, timeout_seconds=5)

    async def write(version: int) -> None:
        await asyncio.sleep(random.random() / 200)
        writer = random.choice([cache, other])
        assert await writer.set_if_newer(key, version, str(version).encode(), 60)

    await asyncio.gather(*map(write, versions))
    assert await cache.get(key) == Cached(max(versions), str(max(versions)).encode())
    await other.close()


async def test_thousands_at_once_each_get_their_own_answer(cache: RedisCache) -> None:
    prefix = f"test:{new_id()}"
    stored = await asyncio.gather(
        *(cache.set_if_newer(f"{prefix}:{n}", n, str(n).encode(), 60) for n in range(2000))
    )
    assert all(stored)
    found = await asyncio.gather(*(cache.get(f"{prefix}:{n}") for n in range(2000)))
    assert found == [Cached(n, str(n).encode()) for n in range(2000)]


@pytest.mark.parametrize("foreign", [b"", b"short", b"x" * 30, b"1234567890123456789x5"])
async def test_what_somebody_else_stored_is_no_value_and_is_replaced(
    cache: RedisCache, url: str, key: str, foreign: bytes
) -> None:
    redis = Redis.from_url(url)
    await redis.set(key, foreign)
    await redis.aclose()
    assert await cache.get(key) is None
    assert await cache.set_if_newer(key, 1, b"mine", 60)
    assert await cache.get(key) == Cached(1, b"mine")


async def test_a_key_of_another_type_is_replaced(cache: RedisCache, url: str, key: str) -> None:
    await _make_list(url, key)
    assert await cache.set_if_newer(key, 1, b"mine", 60)
    assert await cache.get(key) == Cached(1, b"mine")


async def _make_list(url: str, key: str) -> None:
    redis = Redis.from_url(url)
    await redis.rpush(key, "item")
    await redis.aclose()


async def test_an_error_for_one_key_harms_no_other(url: str, key: str) -> None:
    cache = RedisCache(url, timeout_seconds=5)
    await cache.set_if_newer(f"{key}:other", 1, b"", 60)
    await _make_list(url, key)
    refused, found = await asyncio.gather(cache.get(key), cache.get(f"{key}:other"))
    assert (refused, found) == (None, Cached(1, b""))
    assert cache.available
    await cache.close()


async def test_scripts_that_the_server_forgot_are_sent_again(url: str, key: str) -> None:
    cache = RedisCache(url, timeout_seconds=5)
    assert await cache.set_if_newer(key, 1, b"one", 60)
    redis = Redis.from_url(url)
    await redis.script_flush()
    await redis.aclose()
    assert await cache.set_if_newer(key, 2, b"two", 60)
    assert await cache.get(key) == Cached(2, b"two")
    await cache.close()
