"""Which attempts to sign in count."""

from __future__ import annotations

import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.accounts.errors import InvalidCredentials
from auth_service.accounts.ports import PasswordsOverloaded
from shared.errors import TooManyRequests
from tests.auth_service.conftest import CLIENT, MakeSettings, open_world
from tests.support.clock import MovableClock


class BusyPasswords:
    async def verify(self, password: str, password_hash: str | None) -> bool:
        raise PasswordsOverloaded("Too many sign-ins at the moment.")


async def test_an_attempt_that_nobody_looked_at_does_not_count(
    auth_settings: MakeSettings, account: NewAccount
) -> None:
    async with open_world(auth_settings(auth_failures_per_account=1), MovableClock()) as world:
        auth, busy = await world.compose(), await world.compose(passwords=BusyPasswords())
        await auth.sign_in.register(account, CLIENT)
        for _ in range(2):
            with pytest.raises(PasswordsOverloaded):
                await busy.sign_in.login(account.email, account.password, CLIENT)
        assert await auth.sign_in.login(account.email, account.password, CLIENT)
        with pytest.raises(InvalidCredentials):
            await auth.sign_in.login(account.email, "wrong horse battery", CLIENT)
        with pytest.raises(TooManyRequests):
            await auth.sign_in.login(account.email, account.password, CLIENT)


async def test_what_is_refused_for_the_account_does_not_count_for_the_client_and_the_reverse(
    auth_settings: MakeSettings, account: NewAccount
) -> None:
    settings = auth_settings(auth_failures_per_account=2, auth_failures_per_client=3)
    async with open_world(settings, MovableClock()) as world:
        throttle, client = world.adapters.throttle, account.email

        async def fails(name: str) -> bool:
            try:
                async with throttle.attempt(f"{account.email} {name}", client):
                    raise InvalidCredentials
            except InvalidCredentials:
                return True
            except TooManyRequests:
                return False

        assert [await fails("a") for _ in range(4)] == [True, True, False, False]
        assert [await fails("b") for _ in range(3)] == [True, False, False]
        async with throttle.attempt(f"{account.email} b", "elsewhere"):
            pass
