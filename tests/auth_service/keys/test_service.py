"""Signing keys: shared, sealed, rotated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest
from jose import jwt

from auth_service.keys.model import KeyState
from auth_service.keys.signing import WrongSecret
from auth_service.service import AuthService
from shared.errors import NotFound
from shared.security.keyring import AUTH_KEYS
from tests.auth_service.conftest import CLIENT, MakeSettings, World, open_world
from tests.support.clock import MovableClock


@pytest.fixture
async def world(auth_settings: MakeSettings, clock: MovableClock) -> AsyncIterator[World]:
    """A new key signs after a minute."""
    async with open_world(auth_settings(auth_key_reload_seconds=30), clock) as opened:
        yield opened


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def published(world: World, kid: str) -> dict[str, str] | None:
    entry = await (await world.backends.bus.bucket(AUTH_KEYS)).get(kid)
    return orjson.loads(entry.value) if entry is not None and entry.value else None


async def test_replicas_that_start_together_agree_on_the_first_key(
    auth_settings: MakeSettings, clock: MovableClock
) -> None:
    async with open_world(auth_settings(), clock) as one, open_world(auth_settings(), clock) as two:
        services = await asyncio.gather(*(world.compose() for world in (one, two) for _ in range(5)))
        assert len({service.keys.active().kid for service in services}) == 1


async def test_the_published_key_is_public_only(world: World, auth: AuthService) -> None:
    await auth.keys.publish()
    key = await published(world, auth.keys.active().kid)
    assert key == dict(auth.keys.active().public)
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


async def test_a_private_key_is_kept_sealed(world: World, auth: AuthService) -> None:
    ring = await world.adapters.keyrings.get("current")
    assert ring is not None
    assert "PRIVATE" not in ring.keys[0].sealed


async def test_another_secret_does_not_open_the_keys(
    auth: AuthService, auth_settings: MakeSettings, clock: MovableClock
) -> None:
    settings = auth_settings(auth_secret="another secret of a fair length")
    async with open_world(settings, clock) as stranger:
        with pytest.raises(WrongSecret, match="AUTH_SECRET"):
            await stranger.compose()


async def test_a_rotation_hands_over_without_a_gap(
    world: World, auth: AuthService, clock: MovableClock
) -> None:
    replica = await world.compose()
    old = auth.keys.active().kid
    new = (await auth.keys.rotate()).kid
    await replica.keys.load()
    assert await published(world, old)
    assert await published(world, new)
    for service in (auth, replica):
        assert [key["kid"] for key in service.keys.public_keys()] == [old, new]
        assert kid_of((await service.sign_in.guest(CLIENT)).access_token) == old
    clock.move(seconds=61)
    assert {kid_of((await service.sign_in.guest(CLIENT)).access_token) for service in (auth, replica)} == {
        new
    }
    assert [key["kid"] for key in replica.keys.public_keys()] == [old, new]


async def test_a_key_retires_when_its_last_token_has_expired(
    world: World, auth: AuthService, clock: MovableClock
) -> None:
    old = auth.keys.active().kid
    await auth.keys.publish()
    new = (await auth.keys.rotate()).kid
    clock.move(seconds=60 + 600 + 60 + 1)
    restarted = await world.compose()
    await restarted.keys.publish()
    assert [key["kid"] for key in restarted.keys.public_keys()] == [new]
    assert await published(world, old) is None
    assert await published(world, new)


async def test_parallel_rotations_lose_no_key(world: World, auth: AuthService) -> None:
    replica = await world.compose()
    keys = await asyncio.gather(auth.keys.rotate(), replica.keys.rotate())
    await auth.keys.load()
    assert {key.kid for key in keys} <= {key.kid for key in auth.keys.published()}


async def test_a_revoked_key_is_out_at_once_and_another_one_signs(
    world: World, auth: AuthService, clock: MovableClock
) -> None:
    await auth.keys.publish()
    old = auth.keys.active().kid
    signing = await auth.keys.revoke(old)
    assert signing.kid != old
    assert await published(world, old) is None
    assert await published(world, signing.kid)
    assert [key["kid"] for key in auth.keys.public_keys()] == [signing.kid]
    assert kid_of((await auth.sign_in.guest(CLIENT)).access_token) == signing.kid


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_any_key_can_be_revoked_and_one_always_signs(
    world: World, auth: AuthService, clock: MovableClock, which: int
) -> None:
    await auth.keys.rotate()
    clock.move(seconds=61)
    await auth.keys.rotate()
    states = [state for _, state in auth.keys.all_keys()]
    assert states == [KeyState.RETIRING, KeyState.SIGNING, KeyState.COMING]
    before = [key.kid for key, _ in auth.keys.all_keys()]
    await auth.keys.revoke(before[which])
    kids = [key.kid for key, _ in auth.keys.all_keys()]
    assert before[which] not in kids
    assert set(before) - {before[which]} <= set(kids)
    signs = auth.keys.active().kid
    assert signs == before[1] if which != 1 else signs not in before
    clock.move(seconds=61)
    assert auth.keys.active().kid == (before[2] if which != 2 else before[1])


async def test_a_key_that_does_not_exist_cannot_be_revoked(auth: AuthService) -> None:
    with pytest.raises(NotFound, match="keys list"):
        await auth.keys.revoke("unknown")


async def test_replicas_rotate_an_old_key_once_between_them(
    world: World, auth: AuthService, clock: MovableClock
) -> None:
    replica = await world.compose()
    old, month = auth.keys.active().kid, timedelta(days=30)
    clock.move(days=29)
    for service in (auth, replica):
        await service.keys.rotate_if_older(month)
    assert [key["kid"] for key in auth.keys.public_keys()] == [old]
    clock.move(days=1, seconds=1)
    await asyncio.gather(
        *(service.keys.rotate_if_older(month) for service in (auth, replica) for _ in range(5))
    )
    await asyncio.gather(auth.keys.load(), replica.keys.load())
    for service in (auth, replica):
        assert len(service.keys.public_keys()) == 2
        await service.keys.rotate_if_older(month)
        assert len(service.keys.public_keys()) == 2
