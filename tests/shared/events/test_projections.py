"""Buckets that mirror entities: the newest version wins."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.ports import BucketConfig, BusUnavailable, Entry, WrongRevision
from shared.events.projections import put_if_newer
from shared.ids import new_id
from shared.jetstream.buckets import NatsBucket
from tests.support.events import running_bus


@pytest.fixture
async def bucket(nats_url: str) -> AsyncIterator[NatsBucket]:
    async with running_bus(nats_url) as bus:
        yield await bus.bucket(BucketConfig(new_id()))


async def _version(bucket: NatsBucket, key: str) -> int:
    entry = await bucket.get(key)
    assert entry is not None
    assert entry.value is not None
    return int(orjson.loads(entry.value)["version"])


async def _put(bucket: NatsBucket, key: str, version: int) -> bool:
    await asyncio.sleep(random.random() / 500)
    return await put_if_newer(bucket, key, orjson.dumps({"version": version}), version)


@settings(max_examples=40)
@given(versions=st.lists(st.integers(0, 20), min_size=1, max_size=15))
async def test_one_after_the_other_only_newer_versions_are_written(
    bucket: NatsBucket, versions: list[int]
) -> None:
    key, newest = new_id(), -1
    for version in versions:
        assert await _put(bucket, key, version) is (version > newest)
        newest = max(newest, version)
        assert await _version(bucket, key) == newest


@settings(max_examples=25)
@given(versions=st.permutations(range(1, 13)))
async def test_at_once_and_in_any_order_the_newest_version_stays(
    bucket: NatsBucket, versions: list[int]
) -> None:
    key = new_id()
    written = await asyncio.gather(*(_put(bucket, key, version) for version in versions))
    assert await _version(bucket, key) == 12
    assert written[versions.index(12)]


async def test_a_deleted_key_is_written_again(bucket: NatsBucket) -> None:
    await _put(bucket, "key", 5)
    await bucket.delete("key")
    assert await _put(bucket, "key", 1)


@pytest.mark.parametrize("value", [b"", b"no json", b"[]", b"{}", b'{"version": null}', b'{"version": "x"}'])
async def test_a_value_without_a_version_counts_as_oldest(bucket: NatsBucket, value: bytes) -> None:
    await bucket.put("key", value)
    assert await _put(bucket, "key", 0)


class Contested(NatsBucket):
    """A bucket in which another writer is always faster."""

    def __init__(self) -> None:
        """It does not need a connection."""

    async def get(self, key: str) -> Entry | None:
        return None

    async def create(self, key: str, value: bytes) -> int:
        raise WrongRevision


async def test_it_gives_up_when_others_always_win() -> None:
    with pytest.raises(BusUnavailable, match="writers"):
        await put_if_newer(Contested(), "key", b'{"version": 1}', 1)
