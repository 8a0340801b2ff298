"""Which attempts count, and for whom."""

from __future__ import annotations

import asyncio

import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.accounts.errors import InvalidCredentials
from auth_service.accounts.ports import PasswordsOverloaded
from auth_service.clients import Client
from auth_service.throttling.budgets import Budgets
from auth_service.throttling.errors import SignInThrottled
from auth_service.throttling.fallback import FallbackTallies
from auth_service.throttling.local_tallies import LocalTallies
from auth_service.throttling.service import SignInThrottle
from shared.errors import TooManyRequests, Unavailable
from shared.ids import new_id
from tests.auth_service.attempts import LIMITS
from tests.auth_service.conftest import CLIENT, MakeSettings, open_world
from tests.support.clock import MovableClock
from tests.support.waiting import eventually

HERE, ELSEWHERE = Client("2001:db8:1::1"), Client("2001:db8:2::1")


def throttle(**limits: int) -> SignInThrottle:
    tallies = LocalTallies()
    return SignInThrottle(Budgets.of(**{**LIMITS, **limits}), FallbackTallies(tallies, tallies))


@pytest.fixture
async def throttled() -> SignInThrottle:
    return throttle()


async def fails(throttle: SignInThrottle, account: str, client: Client, known: str | None = None) -> bool:
    """Whether the attempt began."""
    try:
        async with throttle.attempt(account, client, known=known):
            raise InvalidCredentials
    except InvalidCredentials:
        return True
    except SignInThrottled:
        return False


class BusyPasswords:
    async def verify(self, password: str, password_hash: str | None, *, network: str = "") -> bool:
        raise PasswordsOverloaded("Too many sign-ins at the moment.")


async def test_an_attempt_that_nobody_looked_at_does_not_count(
    auth_settings: MakeSettings, account: NewAccount
) -> None:
    async with open_world(auth_settings(auth_failures_per_device=1), MovableClock()) as world:
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


async def test_an_account_is_counted_at_each_network_and_over_all(throttled: SignInThrottle) -> None:
    assert [await fails(throttled, "ana", HERE) for _ in range(3)] == [True, True, False]
    assert [await fails(throttled, "ana", ELSEWHERE) for _ in range(3)] == [True, True, False]
    assert not await fails(throttled, "ana", Client("192.0.2.1"))
    assert await fails(throttled, "ben", HERE)


async def test_neighbours_of_one_64_are_one_network(throttled: SignInThrottle) -> None:
    hosts = [Client(f"2001:db8:1::{host}") for host in range(3)]
    assert [await fails(throttled, "ana", host) for host in hosts] == [True, True, False]


async def test_many_device_tokens_at_one_network_share_a_budget(throttled: SignInThrottle) -> None:
    collected = [await fails(throttled, "ana", HERE, known=f"device {number}") for number in range(10)]
    assert collected == [True] * 6 + [False] * 4
    assert await fails(throttled, "ana", ELSEWHERE, known="device 0")


async def test_a_stolen_session_elsewhere_leaves_the_owner_a_budget(throttled: SignInThrottle) -> None:
    async def confirm(client: Client, *, right: bool = False) -> bool:
        try:
            async with throttled.confirmation("session", client):
                if not right:
                    raise InvalidCredentials
        except InvalidCredentials:
            return True
        except TooManyRequests:
            return False
        return True

    assert [await confirm(ELSEWHERE) for _ in range(3)] == [True, True, False]
    assert await confirm(HERE, right=True)


async def test_a_client_that_gives_up_has_tried(throttled: SignInThrottle) -> None:
    async def attempt() -> None:
        async with throttled.attempt("ana", HERE):
            await asyncio.Event().wait()

    for _ in range(2):
        running = asyncio.create_task(attempt())
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert not await fails(throttled, "ana", HERE)


async def test_who_waits_in_a_full_queue_is_refused(throttled: SignInThrottle) -> None:
    leave = asyncio.Event()

    async def attempt() -> str:
        try:
            async with throttled.attempt("ana", HERE):
                await leave.wait()
        except SignInThrottled:
            return "refused"
        return "let in"

    running = [asyncio.create_task(attempt()) for _ in range(300)]
    await eventually(lambda: sum(task.done() for task in running) == 40)
    leave.set()
    outcomes = await asyncio.gather(*running)
    assert (outcomes.count("let in"), outcomes.count("refused")) == (260, 40)


async def test_sign_ups_are_counted_by_network_and_guests_have_no_limit_here(
    throttled: SignInThrottle,
) -> None:
    for host in (1, 2):
        await throttled.sign_up(Client(f"2001:db8:1::{host}"))
    with pytest.raises(TooManyRequests, match="new accounts"):
        await throttled.sign_up(HERE)
    await throttled.sign_up(ELSEWHERE)
    for _ in range(20):
        await throttled.guest(HERE)


async def test_one_network_cannot_use_up_the_mails_of_an_account(throttled: SignInThrottle) -> None:
    assert [await throttled.mail("ana", HERE) for _ in range(4)] == [True, True, False, False]
    assert [await throttled.mail("ana", ELSEWHERE) for _ in range(3)] == [True, True, False]
    assert not await throttled.mail("ana", Client("192.0.2.1"))
    assert await throttled.mail("ben", HERE)


async def test_a_network_that_asks_for_too_many_codes_is_refused(throttled: SignInThrottle) -> None:
    for _ in range(6):
        await throttled.mail(new_id(), HERE)
    with pytest.raises(TooManyRequests) as refused:
        await throttled.mail(new_id(), HERE)
    assert int(refused.value.headers["Retry-After"]) <= 600
    assert await throttled.mail("ana", ELSEWHERE)


async def test_an_unavailable_check_takes_the_attempt_back(throttled: SignInThrottle) -> None:
    for _ in range(5):
        with pytest.raises(Unavailable):
            async with throttled.attempt("ana", HERE):
                raise Unavailable("The store is away.")
    assert await fails(throttled, "ana", HERE)
