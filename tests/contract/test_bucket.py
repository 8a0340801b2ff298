"""The contract of a key-value bucket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.ports import BucketConfig, BusUnavailable, WrongRevision
from shared.ids import new_id
from shared.jetstream.buckets import NatsBucket
from shared.jetstream.entries import is_key
from shared.jetstream.nats_bus import NatsEventBus
from tests.support.events import running_bus
from tests.support.waiting import eventually


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[NatsEventBus]:
    async with running_bus(nats_url) as started:
        yield started


@pytest.fixture(params=["direct", "leader"])
async def bucket(bus: NatsEventBus, request: pytest.FixtureRequest) -> NatsBucket:
    """A new bucket, read as with one copy and as with several."""
    name = new_id()
    await bus.bucket(BucketConfig(name))
    return NatsBucket(bus.connection, name, direct=request.param == "direct")


async def test_keys_are_counted_once_each_and_deleted_ones_too(bucket: NatsBucket) -> None:
    assert await bucket.count() == 0
    for key in ("one", "two", "two", "three"):
        await bucket.put(key, b"value")
    await bucket.delete("three")
    assert await bucket.count() == 3


async def test_an_absent_key_has_no_entry(bucket: NatsBucket) -> None:
    assert await bucket.get("absent") is None


async def test_put_writes_over_whatever_is_there(bucket: NatsBucket) -> None:
    first = await bucket.put("key", b"one")
    second = await bucket.put("key", b"two")
    entry = await bucket.get("key")
    assert second > first
    assert entry is not None
    assert (entry.key, entry.revision, entry.value) == ("key", second, b"two")


async def test_an_empty_value_is_a_value(bucket: NatsBucket) -> None:
    await bucket.put("key", b"")
    entry = await bucket.get("key")
    assert entry is not None
    assert entry.value == b""


async def test_create_refuses_a_key_that_is_there(bucket: NatsBucket) -> None:
    await bucket.create("key", b"one")
    with pytest.raises(WrongRevision):
        await bucket.create("key", b"two")
    entry = await bucket.get("key")
    assert entry is not None
    assert entry.value == b"one"


async def test_a_deleted_key_is_absent_and_can_be_created_again(bucket: NatsBucket) -> None:
    await bucket.create("key", b"one")
    await bucket.delete("key")
    assert await bucket.get("key") is None
    revision = await bucket.create("key", b"two")
    entry = await bucket.get("key")
    assert entry is not None
    assert (entry.revision, entry.value) == (revision, b"two")


async def test_a_scan_gives_every_present_entry_once_over_several_pages(bucket: NatsBucket) -> None:
    await asyncio.gather(*(bucket.put(f"key{n}", str(n).encode()) for n in range(1200)))
    await bucket.delete("key7")
    last = await bucket.put("key8", b"anew")
    scanned = [entry async for entry in bucket.scan()]
    assert {entry.key: entry.value for entry in scanned} == {
        f"key{n}": b"anew" if n == 8 else str(n).encode() for n in range(1200) if n != 7
    }
    assert len(scanned) == 1199
    assert scanned[-1].revision == last


async def test_a_scan_of_an_empty_bucket_and_one_that_is_written_meanwhile_end(bucket: NatsBucket) -> None:
    assert [entry async for entry in bucket.scan()] == []
    for n in range(3):
        await bucket.put(f"key{n}", b"then")
    seen = 0
    async for entry in bucket.scan():
        await bucket.put(f"late{entry.key}", b"now")
        seen += 1
    assert seen == 3


async def test_a_scan_of_several_pages_leaves_out_what_was_written_meanwhile(bucket: NatsBucket) -> None:
    await asyncio.gather(*(bucket.put(f"key{n}", b"") for n in range(700)))
    seen = set()
    async for entry in bucket.scan():
        if not seen:
            await asyncio.gather(*(bucket.put(f"late{n}", b"") for n in range(700)))
        seen.add(entry.key)
    assert seen == {f"key{n}" for n in range(700)}


async def test_a_bucket_that_is_not_there_cannot_be_scanned(bus: NatsEventBus) -> None:
    with pytest.raises(BusUnavailable):
        [entry async for entry in NatsBucket(bus.connection, new_id(), direct=True).scan()]


async def test_update_needs_the_present_revision(bucket: NatsBucket) -> None:
    first = await bucket.create("key", b"one")
    second = await bucket.update("key", b"two", first)
    with pytest.raises(WrongRevision):
        await bucket.update("key", b"three", first)
    assert await bucket.update("key", b"four", second) > second


async def test_of_many_updates_at_one_revision_exactly_one_wins(bucket: NatsBucket) -> None:
    revision = await bucket.create("key", b"")
    outcomes = await asyncio.gather(
        *(bucket.update("key", str(n).encode(), revision) for n in range(50)), return_exceptions=True
    )
    winners = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, int)]
    entry = await bucket.get("key")
    assert len(winners) == 1
    assert sum(isinstance(outcome, WrongRevision) for outcome in outcomes) == 49
    assert entry is not None
    assert entry.value == str(winners[0]).encode()


async def test_of_many_creates_exactly_one_wins(bucket: NatsBucket) -> None:
    outcomes = await asyncio.gather(*(bucket.create("key", b"") for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", "a b", "*", "a.>", "é", "a\r\nPUB x 0", "a\n"])
async def test_what_cannot_be_a_key_is_never_there_and_cannot_be_written(
    bucket: NatsBucket, key: str
) -> None:
    assert await bucket.get(key) is None
    with pytest.raises(ValueError, match="key"):
        await bucket.put(key, b"")


async def test_an_entry_disappears_after_its_time(bus: NatsEventBus) -> None:
    bucket = await bus.bucket(BucketConfig(new_id(), ttl_seconds=1))
    await bucket.put("key", b"value")

    async def is_gone() -> bool:
        return await bucket.get("key") is None

    await eventually(is_gone)


async def test_a_bucket_is_made_once_however_many_want_it(nats_url: str) -> None:
    config = BucketConfig(new_id())
    async with running_bus(nats_url) as one, running_bus(nats_url) as other:
        buckets = await asyncio.gather(*(bus.bucket(config) for bus in (one, other) * 5))
        await buckets[0].put("key", b"value")
        assert all([await bucket.get("key") for bucket in buckets])


@settings(max_examples=60)
@given(key=st.text(st.sampled_from("abZ9-/_=. *>\n\té"), max_size=8))
async def test_every_text_is_either_a_key_or_refused(bucket: NatsBucket, key: str) -> None:
    if is_key(key):
        await bucket.put(key, b"value")
        assert await bucket.get(key) is not None
    else:
        assert await bucket.get(key) is None
