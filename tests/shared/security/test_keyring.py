"""Keys and revocations, as they come from a real NATS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from shared.clock import SystemClock, to_rfc3339
from shared.events.ports import Entry
from shared.jetstream.nats_bus import NatsEventBus
from shared.security.keyring import AUTH_KEYS, Keyring
from shared.security.revocations import Revocations, revocations_bucket
from shared.settings import ServiceSettings
from tests.support.servers import NatsServer
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[NatsEventBus]:
    bus = NatsEventBus(nats_server.url, name="test")
    await bus.start()
    yield bus
    await bus.close()


def entry(issuer: TokenIssuer, **changes: object) -> Entry:
    return Entry(issuer.kid, 1, orjson.dumps({**issuer.public_jwk, **changes}))


async def test_present_keys_are_known_once_it_has_started(bus: NatsEventBus, nats_server: NatsServer) -> None:
    issuer = TokenIssuer()
    await issuer.publish_key(nats_server.url)
    keys = Keyring()
    await keys.start(bus)
    assert keys.get(issuer.kid) is not None
    assert keys.connected
    await keys.stop()


async def test_keys_come_and_go(bus: NatsEventBus) -> None:
    keys, issuer = Keyring(), TokenIssuer()
    await keys.start(bus)
    assert keys.get(issuer.kid) is None
    bucket = await bus.bucket(AUTH_KEYS)
    await bucket.put(issuer.kid, orjson.dumps(issuer.public_jwk))
    await eventually(lambda: keys.get(issuer.kid) is not None)
    await bucket.delete(issuer.kid)
    await eventually(lambda: keys.get(issuer.kid) is None)
    await keys.stop()


async def test_known_keys_stay_while_nats_is_away_and_new_ones_come_after(
    bus: NatsEventBus, nats_server: NatsServer
) -> None:
    keys, first, second = Keyring(), TokenIssuer(), TokenIssuer()
    await keys.start(bus)
    await first.publish_key(nats_server.url)
    await eventually(lambda: keys.get(first.kid) is not None)
    nats_server.kill()
    await eventually(lambda: not keys.connected)
    assert keys.get(first.kid) is not None
    nats_server.start()
    await second.publish_key(nats_server.url)
    await eventually(lambda: keys.get(second.kid) is not None)
    assert keys.get(first.kid) is not None
    await keys.stop()


async def test_after_a_gap_a_key_has_some_time_to_show_up_again() -> None:
    keys, kept, dropped = Keyring(confirm_seconds=0.05), TokenIssuer(), TokenIssuer()
    for issuer in (kept, dropped):
        keys.apply(entry(issuer))
    keys.doubt()
    keys.apply(entry(kept))
    assert keys.get(dropped.kid) is not None
    await eventually(lambda: keys.get(dropped.kid) is None)
    assert keys.get(kept.kid) is not None


async def test_a_second_gap_gives_the_time_anew() -> None:
    keys, issuer, loop = Keyring(confirm_seconds=0.05), TokenIssuer(), asyncio.get_running_loop()
    keys.apply(entry(issuer))
    keys.doubt()
    between = loop.create_future()  # timers go off in the order in which they are due
    loop.call_later(0.05, lambda: between.set_result(keys.get(issuer.kid)))
    keys.doubt()
    assert await between is not None
    await eventually(lambda: keys.get(issuer.kid) is None)


async def test_a_keyring_that_has_stopped_forgets_nothing_more() -> None:
    keys, issuer, loop = Keyring(confirm_seconds=0), TokenIssuer(), asyncio.get_running_loop()
    keys.apply(entry(issuer))
    keys.doubt()
    await keys.stop()
    later = asyncio.Event()
    loop.call_later(0.01, later.set)
    await later.wait()
    assert keys.get(issuer.kid) is not None


@pytest.mark.parametrize(
    "changes", [{"kty": "oct"}, {"crv": "P-384"}, {"x": None}, {"x": "!"}, {"d": "private"}]
)
def test_what_is_no_public_key_is_ignored(changes: dict[str, object]) -> None:
    keys, issuer = Keyring(), TokenIssuer()
    keys.apply(entry(issuer, **changes))
    assert len(keys) == 0
    keys.apply(Entry("k", 1, b"no json"))
    keys.apply(Entry("k", 1, b"[]"))
    assert len(keys) == 0


def test_the_generation_changes_with_the_keys() -> None:
    keys, issuer = Keyring(), TokenIssuer()
    keys.apply(entry(issuer))
    added = keys.generation
    keys.apply(Entry("unknown", 2, None))
    assert keys.generation == added
    keys.apply(Entry(issuer.kid, 3, None))
    assert keys.generation != added


async def test_a_revocation_is_known_within_a_moment(bus: NatsEventBus, nats_server: NatsServer) -> None:
    issuer = TokenIssuer()
    await (await bus.bucket(revocations_bucket(ServiceSettings()))).put("early", b'{"revoked_at": "x"}')
    revocations = Revocations(ServiceSettings(), SystemClock())
    await revocations.start(bus)
    assert "early" in revocations
    await issuer.revoke(nats_server.url, "late")
    await eventually(lambda: "late" in revocations)
    await revocations.stop()


async def test_revocations_made_while_nats_was_away_for_this_replica_are_not_missed(
    bus: NatsEventBus, nats_server: NatsServer
) -> None:
    revocations, issuer = Revocations(ServiceSettings(), SystemClock()), TokenIssuer()
    await revocations.start(bus)
    await issuer.revoke(nats_server.url, "before")
    await eventually(lambda: "before" in revocations)
    nats_server.stop()
    await eventually(lambda: not revocations.connected)
    assert "before" in revocations
    nats_server.start()
    await issuer.revoke(nats_server.url, "after")
    await eventually(lambda: "after" in revocations)
    await revocations.stop()


def test_spent_revocations_are_dropped() -> None:
    clock = SystemClock()
    revocations = Revocations(ServiceSettings(auth_access_token_seconds=600), clock)

    def revoke(session: str, age: float) -> None:
        revoked_at = to_rfc3339(clock.now() - timedelta(seconds=age))
        revocations.apply(Entry(session, 1, orjson.dumps({"revoked_at": revoked_at})))

    revoke("spent", 661)
    revoke("alive", 599)
    revoke("new", 0)
    assert "spent" not in revocations
    assert "alive" in revocations
    assert len(revocations) == 2


def test_a_deleted_entry_takes_no_revocation_back() -> None:
    revocations = Revocations(ServiceSettings(), SystemClock())
    revocations.apply(Entry("s", 1, b"{}"))
    revocations.apply(Entry("s", 2, None))
    assert "s" in revocations


def test_before_the_start_nothing_is_connected() -> None:
    assert not Keyring().connected
    assert not Revocations(ServiceSettings(), SystemClock()).connected
