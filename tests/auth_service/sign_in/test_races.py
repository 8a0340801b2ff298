"""Changes of the account while a password is checked, or a token exchanged."""

from __future__ import annotations

import asyncio

import pytest

from auth_service.accounts.credentials import NewAccount, new_account
from auth_service.accounts.errors import InvalidCredentials, PasswordTooWeak, WrongPassword
from auth_service.accounts.model import existing
from auth_service.accounts.passwords import ArgonPasswords
from auth_service.accounts.ports import PasswordsOverloaded
from auth_service.service import AuthService
from auth_service.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from auth_service.sessions.store import SESSIONS
from auth_service.sessions.tokens import SignedIn
from shared.aggregates.change import Change
from shared.security.identity import Identity, Role
from tests.auth_service.conftest import CLIENT, World, open_world
from tests.auth_service.gates import Gate
from tests.auth_service.people import fresh_email
from tests.support.clock import MovableClock
from tests.support.waiting import eventually

NEW = "staple horse battery"


async def test_a_sign_in_with_the_old_password_fails_while_it_is_changed(
    world: World, auth: AuthService, account: NewAccount, identity: Identity
) -> None:
    passwords = Gate(world.adapters.passwords, "verify", before=False)
    slow = await world.compose(passwords=passwords)
    login = asyncio.create_task(slow.sign_in.login(account.email, account.password, CLIENT))
    await passwords.reached.wait()
    await auth.accounts.change_password(identity, account.password, NEW, CLIENT)
    passwords.open()
    with pytest.raises(InvalidCredentials):
        await login


async def test_an_account_is_not_deleted_with_the_old_password_while_it_is_changed(
    world: World, auth: AuthService, account: NewAccount, identity: Identity
) -> None:
    passwords = Gate(world.adapters.passwords, "verify", before=False)
    slow = await world.compose(passwords=passwords)
    deletion = asyncio.create_task(slow.accounts.delete(identity, account.password, CLIENT))
    await passwords.reached.wait()
    await auth.accounts.change_password(identity, account.password, NEW, CLIENT)
    passwords.open()
    with pytest.raises(WrongPassword):
        await deletion


async def test_a_session_that_is_removed_during_a_refresh_is_over(
    world: World, auth: AuthService, clock: MovableClock
) -> None:
    guest = await auth.sign_in.guest(CLIENT)
    sessions = Gate(world.adapters.sessions, "update")
    slow = await world.compose(sessions=sessions)
    refresh = asyncio.create_task(slow.sign_in.refresh(guest.refresh_token))
    await sessions.reached.wait()

    async def removed() -> bool:
        return await world.adapters.sessions.remove_expired(clock.now(), 10) == 1

    clock.move(days=31)
    await eventually(removed)
    sessions.open()
    with pytest.raises(InvalidRefreshToken):
        await refresh


async def test_a_refresh_whose_replica_died_before_it_answered_is_repeated(
    world: World, auth: AuthService, signed_in: SignedIn
) -> None:
    sessions = Gate(world.adapters.sessions, "update", before=False)
    dying = await world.compose(sessions=sessions)
    refresh = asyncio.create_task(dying.sign_in.refresh(signed_in.refresh_token))
    await sessions.reached.wait()
    refresh.cancel()
    again = await auth.sign_in.refresh(signed_in.refresh_token)
    assert again.refresh_token != signed_in.refresh_token
    assert (await auth.sign_in.refresh(again.refresh_token)).user.id == signed_in.user.id


async def test_a_repeated_refresh_writes_nothing(
    world: World, auth: AuthService, signed_in: SignedIn
) -> None:
    newest = await auth.sign_in.refresh(signed_in.refresh_token)
    store, session_id = await world.backends.stores.open(SESSIONS), newest.refresh_token.partition(".")[0]
    written = await store.get(session_id)
    answers = [await auth.sign_in.refresh(signed_in.refresh_token) for _ in range(3)]
    assert {answer.refresh_token for answer in answers} == {newest.refresh_token}
    assert len({answer.access_token for answer in answers}) == 3
    assert await store.get(session_id) == written


async def test_what_a_replica_remembers_of_a_session_decides_no_refresh(
    world: World, auth: AuthService, signed_in: SignedIn, clock: MovableClock
) -> None:
    """Another replica exchanged the token, exchanged the next one, and ended the session."""
    async with open_world(world.settings, clock) as other_world:
        other = await other_world.compose()
        first = await auth.sign_in.refresh(signed_in.refresh_token)
        second = await other.sign_in.refresh(first.refresh_token)
        assert (await auth.sign_in.refresh(first.refresh_token)).refresh_token == second.refresh_token
        third = await other.sign_in.refresh(second.refresh_token)
        with pytest.raises(RefreshTokenReused):
            await other.sign_in.refresh(first.refresh_token)
        with pytest.raises(InvalidRefreshToken):
            await auth.sign_in.refresh(third.refresh_token)


async def test_a_repeat_after_the_grace_ends_the_session(
    auth: AuthService, signed_in: SignedIn, clock: MovableClock
) -> None:
    newest = await auth.sign_in.refresh(signed_in.refresh_token)
    clock.move(seconds=31)
    with pytest.raises(RefreshTokenReused):
        await auth.sign_in.refresh(signed_in.refresh_token)
    with pytest.raises(InvalidRefreshToken):
        await auth.sign_in.refresh(newest.refresh_token)


async def test_a_repeat_gets_the_newest_token_and_not_its_own_successor(
    auth: AuthService, signed_in: SignedIn
) -> None:
    second = await auth.sign_in.refresh(signed_in.refresh_token)
    third = await auth.sign_in.refresh(second.refresh_token)
    assert (await auth.sign_in.refresh(second.refresh_token)).refresh_token == third.refresh_token
    assert (await auth.sign_in.refresh(third.refresh_token)).user.id == signed_in.user.id


async def test_a_session_expires_when_it_is_not_refreshed(auth: AuthService, clock: MovableClock) -> None:
    guest = await auth.sign_in.guest(CLIENT)
    clock.move(days=29)
    renewed = await auth.sign_in.refresh(guest.refresh_token)
    clock.move(days=29)
    renewed = await auth.sign_in.refresh(renewed.refresh_token)
    clock.move(days=31)
    with pytest.raises(InvalidRefreshToken):
        await auth.sign_in.refresh(renewed.refresh_token)


async def test_better_parameters_are_used_from_the_next_sign_in_on(
    world: World, auth: AuthService, account: NewAccount, signed_in: SignedIn
) -> None:
    stronger = ArgonPasswords(1, 10, memory_kib=128, iterations=1)
    later = await world.compose(passwords=stronger)
    before = await world.adapters.users.get(signed_in.user.id)
    await later.sign_in.login(account.email, account.password, CLIENT)
    after = await world.adapters.users.get(signed_in.user.id)
    assert before is not None
    assert after is not None
    assert "m=64," in before.password_hash
    assert "m=128," in after.password_hash
    assert (await auth.sign_in.login(account.email, account.password, CLIENT)).user.id == signed_in.user.id
    stronger.close()


async def test_weaker_parameters_are_never_used(
    world: World, auth: AuthService, account: NewAccount, signed_in: SignedIn
) -> None:
    """A replica of the former release, or with other settings, runs beside this one."""
    weaker = ArgonPasswords(1, 10, memory_kib=32, iterations=1)
    before = await world.adapters.users.get(signed_in.user.id)
    await (await world.compose(passwords=weaker)).sign_in.login(account.email, account.password, CLIENT)
    after = await world.adapters.users.get(signed_in.user.id)
    assert before is not None
    assert after is not None
    assert before.password_hash == after.password_hash
    weaker.close()


async def test_of_two_who_rehash_the_first_is_kept(
    world: World, auth: AuthService, account: NewAccount, signed_in: SignedIn
) -> None:
    strong, stronger = (ArgonPasswords(1, 10, memory_kib=size, iterations=1) for size in (96, 128))
    hashed = Gate(strong, "hash", before=False)
    slow = await world.compose(passwords=hashed)
    login = asyncio.create_task(slow.sign_in.login(account.email, account.password, CLIENT))
    await hashed.reached.wait()
    await (await world.compose(passwords=stronger)).sign_in.login(account.email, account.password, CLIENT)
    hashed.open()
    await login
    user = await world.adapters.users.get(signed_in.user.id)
    assert user is not None
    assert "m=128," in user.password_hash
    strong.close()
    stronger.close()


async def test_a_sign_in_goes_on_when_there_is_no_thread_to_hash_again(
    world: World, auth: AuthService, account: NewAccount, signed_in: SignedIn
) -> None:
    class Full(ArgonPasswords):
        async def hash(self, password: str, *, network: str = "") -> str:
            raise PasswordsOverloaded("Too many.", retry_after=1)

    full = Full(1, 0, memory_kib=128, iterations=1)
    again = await (await world.compose(passwords=full)).sign_in.login(account.email, account.password, CLIENT)
    assert again.user.id == signed_in.user.id
    full.close()


@pytest.mark.parametrize(
    ("password", "is_enough"), [("brown otter", False), ("correct horse battery", True), ("p4-x9-w2", False)]
)
async def test_who_gets_more_rights_needs_a_password_that_fits(
    world: World, auth: AuthService, clock: MovableClock, password: str, is_enough: bool
) -> None:
    """Only the hash is known at a promotion. So the next sign-in looks, also when it began before."""
    account = new_account("Ana", fresh_email(), password)
    user = (await auth.sign_in.register(account, CLIENT)).user
    passwords = Gate(world.adapters.passwords, "verify", before=False)
    slow = await world.compose(passwords=passwords)
    login = asyncio.create_task(slow.sign_in.login(account.email, password, CLIENT))
    await passwords.reached.wait()
    await world.adapters.users.update(
        user.id, lambda it: Change(existing(it).with_access(Role.ADMIN, False, clock.now()), None)
    )
    passwords.open()
    for attempt in (login, auth.sign_in.login(account.email, password, CLIENT)):
        if is_enough:
            assert (await attempt).user.role is Role.ADMIN
        else:
            with pytest.raises(PasswordTooWeak):
                await attempt


async def test_signing_out_twice_ends_the_session_once(
    world: World, auth: AuthService, identity: Identity
) -> None:
    await asyncio.gather(auth.sessions.logout(identity), auth.sessions.logout(identity))
    ended = await world.adapters.sessions.get(identity.session_id)
    await auth.sessions.logout(identity)
    assert ended is not None
    assert ended.ended_at is not None
    assert await world.adapters.sessions.get(identity.session_id) == ended
