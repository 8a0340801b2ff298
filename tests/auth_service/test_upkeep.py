"""The background tasks of a replica."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth_service.bootstrap import open_operator_tools
from auth_service.main import create_app
from auth_service.service import AuthService
from auth_service.sessions.removal import remove_expired_sessions
from auth_service.sessions.store import SESSIONS, StoredSessions
from shared.aggregates.outbox import Outbox, publish_to
from shared.security.keyring import AUTH_KEYS
from shared.store.ports import DocumentStore, VersionConflict
from tests.auth_service.conftest import CLIENT, MakeSettings, World, open_world
from tests.auth_service.people import AUTH
from tests.support.apps import running
from tests.support.clock import MovableClock
from tests.support.servers import NatsServer
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually


@pytest.fixture
async def world(auth_settings: MakeSettings) -> AsyncIterator[World]:
    async with open_world(auth_settings(), MovableClock()) as opened:
        yield opened


@pytest.fixture
async def auth(world: World) -> AuthService:
    return await world.compose()


async def test_sessions_that_expired_are_removed(world: World, auth: AuthService) -> None:
    expired = (await auth.sign_in.guest(CLIENT)).refresh_token.partition(".")[0]
    world.clock.move(days=20)
    alive = (await auth.sign_in.guest(CLIENT)).refresh_token.partition(".")[0]
    world.clock.move(days=11, hours=1)

    async def removed() -> bool:
        return await remove_expired_sessions(world.adapters.sessions, world.clock) == 1

    await eventually(removed)
    assert await world.adapters.sessions.get(expired) is None
    assert await world.adapters.sessions.get(alive) is not None


class ShowingTheGone:
    """A store whose search still shows a document that another replica has removed."""

    def __init__(self, store: DocumentStore, gone: str) -> None:
        self._store = store
        self._gone = gone

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def delete(self, id: str, expected_version: str) -> None:
        if id == self._gone:
            raise VersionConflict(id)
        await self._store.delete(id, expected_version)


async def test_a_page_of_what_is_gone_does_not_end_the_sweep(world: World, auth: AuthService) -> None:
    first, second = [(await auth.sign_in.guest(CLIENT)).refresh_token.partition(".")[0] for _ in range(2)]
    store = await world.backends.stores.open(SESSIONS)
    await store.refresh()
    sessions = StoredSessions(
        ShowingTheGone(store, first), Outbox(publish_to(world.backends.bus), clock=world.clock)
    )
    world.clock.move(days=40)
    assert await sessions.remove_expired(world.clock.now(), 1) == 1
    assert await world.adapters.sessions.get(second) is None


async def test_a_running_replica_takes_over_new_keys(
    auth_settings: MakeSettings, nats_server: NatsServer
) -> None:
    settings = auth_settings(nats_url=nats_server.url, auth_key_reload_seconds=3600)
    async with running(create_app(settings)) as shop:
        async with open_operator_tools(settings) as operator:
            key = await operator.rotate_keys()

        async def known() -> bool:
            return key.kid in await kids(shop)

        await eventually(known)
        assert len(await kids(shop)) == 2


async def kids(shop: httpx.AsyncClient) -> list[str]:
    answer = await shop.get(f"{AUTH}/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=60"
    return [key["kid"] for key in answer.json()["keys"]]


async def test_keys_that_nats_lost_are_published_again(
    auth_settings: MakeSettings, nats_server: NatsServer
) -> None:
    settings = auth_settings(nats_url=nats_server.url, auth_key_reload_seconds=0.1)
    async with open_world(settings, MovableClock()) as world, running(create_app(settings)) as shop:
        [kid] = await kids(shop)

        async def published() -> bool:
            return await (await world.backends.bus.bucket(AUTH_KEYS)).get(kid) is not None

        await eventually(published)
        nats_server.stop()
        await eventually(lambda: not world.backends.bus.connected)
        nats_server.start()
        await eventually(lambda: world.backends.bus.connected)
        await (await world.backends.bus.bucket(AUTH_KEYS)).delete(kid)
        await eventually(published)


async def test_keys_are_published_as_soon_as_nats_is_back_without_them(
    auth_settings: MakeSettings, nats_server: NatsServer, tmp_path: Path
) -> None:
    settings = auth_settings(nats_url=nats_server.url, auth_key_reload_seconds=3600)
    async with open_world(settings, MovableClock()) as world, running(create_app(settings)) as shop:
        [kid] = await kids(shop)
        bus = world.backends.bus
        nats_server.stop()
        await eventually(lambda: not bus.connected)
        shutil.rmtree(tmp_path / "jetstream")
        nats_server.start()
        await eventually(lambda: bus.connected)

        async def published() -> bool:
            return await (await bus.bucket(AUTH_KEYS)).get(kid) is not None

        await eventually(published)


@pytest.mark.parametrize("reload_seconds", [0.1, 3600])
async def test_a_key_that_auth_did_not_make_is_removed_and_logged(
    auth_settings: MakeSettings,
    nats_server: NatsServer,
    capfd: pytest.CaptureFixture[str],
    reload_seconds: float,
) -> None:
    """One that is there before auth looks goes with its next look, one that comes later at once."""
    settings = auth_settings(nats_url=nats_server.url, auth_key_reload_seconds=reload_seconds)
    forger = TokenIssuer()
    async with open_world(settings, MovableClock()) as world:
        if reload_seconds < 1:
            await forger.publish_key(nats_server.url)
        async with running(create_app(settings)) as shop:
            if reload_seconds > 1:
                await forger.publish_key(nats_server.url)
            bucket = await world.backends.bus.bucket(AUTH_KEYS)
            [own] = await kids(shop)

            async def is_removed() -> bool:
                return await bucket.get(forger.kid) is None

            await eventually(is_removed)
            headers = {"Authorization": f"Bearer {forger.token()}"}

            async def is_refused() -> bool:
                return (await shop.get(f"{AUTH}/me", headers=headers)).status_code == 401

            await eventually(is_refused)
            assert await bucket.get(own)
            output: list[str] = []

            def is_logged() -> bool:
                output.append(capfd.readouterr().out)
                lines = "".join(output).splitlines()
                return any("auth did not make" in line and forger.kid in line for line in lines)

            await eventually(is_logged)


async def test_a_revoked_key_is_refused_by_every_replica_and_the_next_one_signs(
    auth_settings: MakeSettings, nats_server: NatsServer
) -> None:
    settings = auth_settings(nats_url=nats_server.url, auth_key_reload_seconds=3600)
    async with running(create_app(settings)) as one, running(create_app(settings)) as two:
        [old] = await kids(one)
        session = (await one.post(f"{AUTH}/guest")).json()
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        assert (await two.get(f"{AUTH}/sessions", headers=headers)).status_code == 200
        async with open_operator_tools(settings) as operator:
            new = await operator.revoke_key(old)

        async def is_out() -> bool:
            statuses = [
                (await each.get(f"{AUTH}/sessions", headers=headers)).status_code for each in (one, two)
            ]
            return statuses == [401, 401] and [await kids(each) for each in (one, two)] == [[new.kid]] * 2

        await eventually(is_out)
        body = {"refresh_token": session["refresh_token"]}
        renewed = (await two.post(f"{AUTH}/refresh", json=body)).json()["access_token"]
        headers = {"Authorization": f"Bearer {renewed}"}
        assert (await one.get(f"{AUTH}/sessions", headers=headers)).status_code == 200


async def test_an_old_key_gets_a_successor_by_itself(
    auth_settings: MakeSettings, nats_server: NatsServer
) -> None:
    settings = auth_settings(nats_url=nats_server.url, auth_key_reload_seconds=0.1, auth_key_rotation_days=30)
    clock = MovableClock()
    async with (
        running(create_app(settings, clock=clock)) as one,
        running(create_app(settings, clock=clock)) as two,
    ):
        [old] = await kids(one)
        clock.move(days=31)

        async def have_rotated() -> bool:
            return len(await kids(one)) == 2 and await kids(one) == await kids(two)

        await eventually(have_rotated)
        assert (await kids(one))[0] == old
