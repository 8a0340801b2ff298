"""Announcements between replicas, over a real NATS."""

from __future__ import annotations

import pytest

from cart_service.carts.version_announcements import CART_VERSIONS, NatsVersionAnnouncements
from cart_service.carts.versions import KnownVersions
from cart_service.changes import ChangeListener
from shared.clock import SystemClock
from shared.events.envelope import Event
from shared.events.ports import BucketConfig
from shared.ids import new_id
from shared.jetstream.nats_bus import NatsEventBus
from shared.tasks import cancel_all
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


class Station(ChangeListener):
    """A replica's connection and board."""

    def __init__(self, url: str) -> None:
        self.bus = NatsEventBus(url, name="test")
        self.versions = KnownVersions(1000, self)
        self.deleted: list[str] = []

    async def start(self) -> Station:
        await self.bus.start()
        bucket = await self.bus.bucket(BucketConfig(CART_VERSIONS, ttl_seconds=900))
        self.announcements = NatsVersionAnnouncements(bucket, self.bus, self.versions, self)
        assert not self.announcements.connected
        await self.announcements.close()
        await self.announcements.start()
        self.listening = self.bus.connection.tasks.start("cart-versions", self.announcements.listen())
        return self

    async def account_deleted(self, owner: str) -> None:
        self.deleted.append(owner)

    async def close(self) -> None:
        await cancel_all([self.listening])
        await self.announcements.close()
        await self.bus.close()


@pytest.fixture
async def stations(nats_server: NatsServer):
    stations = [await Station(nats_server.url).start() for _ in range(2)]
    yield stations
    for station in stations:
        await station.close()


async def test_an_announcement_reaches_every_replica_and_later_ones(
    stations, nats_server: NatsServer
) -> None:
    owner = new_id()
    assert await stations[0].announcements.announce(owner, 7)
    assert await stations[1].announcements.announce(owner, 5)
    for station in stations:
        await eventually(lambda station=station: station.versions.is_secured(owner, 7))
    late = await Station(nats_server.url).start()
    assert late.versions.is_secured(owner, 7)
    await late.close()


async def test_an_announcement_that_was_removed_changes_nothing(stations) -> None:
    here, there = stations
    owner, other = new_id(), new_id()
    await here.announcements.announce(owner, 7)
    bucket = await here.bus.bucket(BucketConfig(CART_VERSIONS, ttl_seconds=900))
    await bucket.delete(owner)
    await here.announcements.announce(other, 1)
    await eventually(lambda: there.versions.is_secured(other, 1))
    assert there.versions.is_secured(owner, 7)


async def test_every_other_replica_hears_of_carts_events(stations) -> None:
    owner, (here, there) = new_id(), stations

    async def the_other_heard() -> bool:
        await here.bus.publish(Event.new("cart.updated", owner, 3, SystemClock().now(), {}))
        return there.versions.newest(owner) == 3

    await eventually(the_other_heard)  # an event before the subscription is there goes unheard
    assert not there.versions.is_secured(owner, 3)
    assert here.versions.newest(owner) == -1  # who publishes knows without an echo


async def test_every_replica_hears_of_deleted_accounts(stations, nats_server: NatsServer) -> None:
    owner = new_id()
    auth = NatsEventBus(nats_server.url, name="auth")
    await auth.start()

    async def everybody_heard() -> bool:
        await auth.publish(Event.new("user.deleted", owner, 3, SystemClock().now(), {}))
        return all(owner in station.deleted for station in stations)

    await eventually(everybody_heard)
    await auth.close()


async def test_after_an_outage_it_listens_again(stations, nats_server: NatsServer) -> None:
    here, there = stations
    owner = new_id()
    nats_server.stop()
    await eventually(lambda: not here.announcements.connected and not there.announcements.connected)
    assert not await here.announcements.announce(owner, 1)
    nats_server.start()
    await eventually(lambda: here.announcements.connected and there.announcements.connected)
    assert await here.announcements.announce(owner, 2)
    await eventually(lambda: there.versions.is_secured(owner, 2))

    async def is_heard() -> bool:
        await here.bus.publish(Event.new("cart.updated", owner, 3, SystemClock().now(), {}))
        return there.versions.newest(owner) == 3

    await eventually(is_heard)
