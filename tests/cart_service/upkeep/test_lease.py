"""One holder at a time, by NATS's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from cart_service.upkeep.lease import NatsLease
from shared.events.ports import BucketConfig
from shared.ids import new_id
from shared.jetstream.buckets import NatsBucket
from tests.support.events import running_bus
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


@pytest.fixture
async def bucket(nats_url: str) -> AsyncIterator[NatsBucket]:
    async with running_bus(nats_url) as bus:
        yield await bus.bucket(BucketConfig(f"leases-{new_id()}", ttl_seconds=1))


@pytest.fixture
def make_lease(bucket: NatsBucket) -> Callable[[], NatsLease]:
    return lambda: NatsLease(bucket, "work", new_id())


async def test_of_many_one_holds_it_and_keeps_it(nats_url: str) -> None:
    async with running_bus(nats_url) as bus:
        bucket = await bus.bucket(BucketConfig(f"leases-{new_id()}", ttl_seconds=600))
        await one_of_many_holds([NatsLease(bucket, "work", new_id()) for _ in range(10)])


async def one_of_many_holds(leases: list[NatsLease]) -> None:
    held = await asyncio.gather(*(lease.acquire() for lease in leases))
    assert held.count(True) == 1
    winner = leases[held.index(True)]
    for _ in range(3):
        assert await winner.acquire()
        assert [await lease.acquire() for lease in leases if lease is not winner] == [False] * 9


async def test_a_holder_that_died_is_followed_once_its_lease_has_ended(make_lease) -> None:
    dead, next_one = make_lease(), make_lease()
    assert await dead.acquire()
    assert not await next_one.acquire()
    await eventually(next_one.acquire)
    assert not await dead.acquire()


async def test_a_holder_that_was_late_takes_it_again_where_nobody_did(make_lease, bucket: NatsBucket) -> None:
    lease = make_lease()
    assert await lease.acquire()

    async def ended() -> bool:
        return await bucket.get("work") is None

    await eventually(ended)
    assert await lease.acquire()


async def test_without_nats_nobody_holds_it(nats_server: NatsServer) -> None:
    async with running_bus(nats_server.url) as bus:
        bucket = await bus.bucket(BucketConfig("leases", ttl_seconds=60))
        lease, other = NatsLease(bucket, "work", "one"), NatsLease(bucket, "work", "other")
        assert await lease.acquire()
        nats_server.stop()
        assert not await lease.acquire()
        assert not await other.acquire()
        nats_server.start()
        await eventually(lambda: bus.connected)
        # After an interruption a replica does not claim the lease: another one may have held it meanwhile.
        assert not await lease.acquire()
