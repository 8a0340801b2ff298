"""Sessions end, however often they are refreshed, and then keep nothing of the device."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.service import AuthService
from auth_service.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from auth_service.sessions.removal import remove_expired_sessions
from auth_service.sessions.store import SESSIONS
from auth_service.sessions.tokens import SignedIn
from shared.aggregates.change import Change
from shared.security.identity import Identity, Role
from tests.auth_service.conftest import CLIENT, MakeSettings, World, open_world
from tests.auth_service.gates import Gate
from tests.support.clock import MovableClock
from tests.support.waiting import eventually


def session_id_of(signed_in: SignedIn) -> str:
    return signed_in.refresh_token.partition(".")[0]


async def refreshed_until_refused(
    auth: AuthService, clock: MovableClock, signed_in: SignedIn, **step: float
) -> int:
    """The number of steps of time after which a refresh still succeeds."""
    for steps in range(1, 100):
        clock.move(**step)
        try:
            signed_in = await auth.sign_in.refresh(signed_in.refresh_token)
        except InvalidRefreshToken:
            return steps - 1
    raise AssertionError("the session does not end")


async def test_a_session_ends_after_180_days(
    auth: AuthService, clock: MovableClock, signed_in: SignedIn
) -> None:
    assert await refreshed_until_refused(auth, clock, signed_in, days=20, minutes=-10) == 9


async def test_a_guest_ends_after_180_days(auth: AuthService, clock: MovableClock) -> None:
    guest = await auth.sign_in.guest(CLIENT)
    assert await refreshed_until_refused(auth, clock, guest, days=20, minutes=-10) == 9


async def test_the_session_of_an_administrator_ends_after_12_hours(
    auth: AuthService, clock: MovableClock, account: NewAccount
) -> None:
    await auth.operator.create_user(account.name, account.email, account.password, Role.ADMIN)
    signed_in = await auth.sign_in.login(account.email, account.password, CLIENT)
    assert signed_in.session_seconds == 12 * 3600
    assert await refreshed_until_refused(auth, clock, signed_in, hours=2, minutes=-10) == 6


async def test_the_present_role_counts_as_much_as_the_one_at_sign_in(
    world: World, auth: AuthService, clock: MovableClock, signed_in: SignedIn
) -> None:
    await world.adapters.users.update(
        signed_in.user.id,
        lambda user: Change(user and user.with_access(Role.ADMIN, False, clock.now()), None),
    )
    assert await refreshed_until_refused(auth, clock, signed_in, hours=5) == 2


async def test_the_list_of_devices_shows_the_last_end(
    auth_settings: MakeSettings, clock: MovableClock, account: NewAccount
) -> None:
    settings = auth_settings(auth_session_seconds=3600, auth_session_longest_seconds=5400)
    async with open_world(settings, clock) as world:
        auth = await world.compose()
        signed_in = await auth.sign_in.register(account, CLIENT)
        clock.move(minutes=50)
        await auth.sign_in.refresh(signed_in.refresh_token)
        session = await world.adapters.sessions.get(session_id_of(signed_in))
        assert session is not None
        assert session.expires_at == session.authenticated_at + timedelta(seconds=5400)


async def test_an_access_token_does_not_outlive_its_session(
    world: World, auth: AuthService, clock: MovableClock, signed_in: SignedIn
) -> None:
    for _ in range(6):
        clock.move(days=29)
        signed_in = await auth.sign_in.refresh(signed_in.refresh_token)
    clock.move(days=5, hours=23, minutes=55)
    signed_in = await auth.sign_in.refresh(signed_in.refresh_token)
    assert 295 <= signed_in.expires_in <= 300
    await auth.keys.publish()
    await world.backends.verifier.start(world.backends.bus)
    identity = world.backends.verifier.verify(signed_in.access_token)
    assert identity.expires_at - identity.authenticated_at <= timedelta(days=180)


End = Callable[[AuthService, Identity, NewAccount], Awaitable[Any]]
ENDS: dict[str, End] = {
    "logout": lambda auth, identity, _: auth.sessions.logout(identity),
    "logout-all": lambda auth, identity, _: auth.sessions.logout_all(identity),
    "deletion": lambda auth, identity, account: auth.accounts.delete(identity, account.password, CLIENT),
    "operator": lambda auth, _, account: auth.operator.set_password(account.email, "staple horse battery"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_an_ended_session_keeps_nothing_of_the_device(
    world: World, auth: AuthService, identity: Identity, account: NewAccount, end: str
) -> None:
    other = await auth.sign_in.login(account.email, account.password, CLIENT)
    ids = [identity.session_id] + ([session_id_of(other)] if end != "logout" else [])
    await ENDS[end](auth, identity, account)
    store = await world.backends.stores.open(SESSIONS)

    async def erased() -> bool:
        documents = [document for document in await store.get_many(ids) if document]
        return all(CLIENT.user_agent not in str(document.body) for document in documents)

    await eventually(erased)
    world.clock.move(days=1, hours=1)

    async def removed() -> bool:
        await remove_expired_sessions(world.adapters.sessions, world.clock)
        return await store.get_many(ids) == [None] * len(ids)

    await eventually(removed)


async def test_a_reused_token_leaves_nothing_of_the_device(
    world: World, auth: AuthService, signed_in: SignedIn
) -> None:
    newer = await auth.sign_in.refresh(signed_in.refresh_token)
    await auth.sign_in.refresh(newer.refresh_token)
    with pytest.raises(RefreshTokenReused):
        await auth.sign_in.refresh(signed_in.refresh_token)
    session = await world.adapters.sessions.get(session_id_of(signed_in))
    assert session is not None
    assert (session.user_agent, session.refresh_digest, session.previous_digest) == ("", "", "")


async def test_a_sign_in_that_is_signed_out_before_it_is_written_stays_ended(
    world: World, auth: AuthService, account: NewAccount, identity: Identity
) -> None:
    sessions = Gate(world.adapters.sessions, "update")
    slow = await world.compose(sessions=sessions)
    login = asyncio.create_task(slow.sign_in.login(account.email, account.password, CLIENT))
    await sessions.reached.wait()
    user = await world.adapters.users.get(identity.user_id)
    assert user is not None
    await auth.sessions.logout_all(identity)

    async def ended() -> bool:
        return all(s and s.ended_at for s in await world.adapters.sessions.get_many(user.sessions))

    await eventually(ended)
    sessions.open()
    signed_in = await login
    session = await world.adapters.sessions.get(session_id_of(signed_in))
    assert session is not None
    assert (session.user_agent, session.alive(world.clock.now())) == ("", False)
    with pytest.raises(InvalidRefreshToken):
        await auth.sign_in.refresh(signed_in.refresh_token)
