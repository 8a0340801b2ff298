"""Password hashes, and the bounded number of threads that make them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from auth_service.accounts.passwords import ArgonPasswords
from auth_service.accounts.ports import PasswordsOverloaded
from auth_service.settings import AuthSettings
from tests.support.waiting import eventually


@pytest.fixture
def passwords() -> Iterator[ArgonPasswords]:
    adapter = ArgonPasswords(1, 1, memory_kib=64, iterations=1)
    yield adapter
    adapter.close()


async def test_the_defaults_are_owasps() -> None:
    settings = AuthSettings()
    adapter = ArgonPasswords(
        1, 1, memory_kib=settings.auth_password_memory_kib, iterations=settings.auth_password_iterations
    )
    assert (await adapter.hash("correct horse")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    adapter.close()


async def test_a_hash_fits_its_password_alone(passwords: ArgonPasswords) -> None:
    kept = await passwords.hash("correct horse")
    assert await passwords.verify("correct horse", kept)
    assert not await passwords.verify("Correct horse", kept)
    assert kept != await passwords.hash("correct horse")


async def test_nobody_has_the_password_of_nobody(passwords: ArgonPasswords) -> None:
    assert not await passwords.verify("nobody's password", None)


@pytest.mark.parametrize(
    ("stored", "outdated"),
    [
        ("$argon2id$v=19$m=64,t=2,p=1$", False),
        ("$argon2id$v=19$m=32,t=2,p=1$", True),
        ("$argon2id$v=19$m=64,t=1,p=1$", True),
        ("$argon2id$v=19$m=32,t=1,p=1$", True),
        ("$argon2i$v=19$m=64,t=2,p=1$", True),
        ("$argon2i$v=19$m=640,t=20,p=1$", True),
        ("$argon2d$v=19$m=64,t=2,p=1$", True),
        ("$argon2id$v=19$m=128,t=2,p=1$", False),
        ("$argon2id$v=19$m=64,t=3,p=1$", False),
        ("$argon2id$v=19$m=64,t=2,p=4$", False),
        ("$argon2id$v=19$m=128,t=1,p=1$", False),
        ("$argon2id$v=19$m=32,t=3,p=1$", False),
        ("$argon2id$v=19$m=32,t=2,p=2$", False),
    ],
)
def test_a_hash_is_outdated_when_todays_is_stronger(stored: str, outdated: bool) -> None:
    """Never when it is weaker in anything: two releases that run side by side would hash in turn."""
    adapter = ArgonPasswords(1, 1, memory_kib=64, iterations=2)
    digest = "c87Z+3+Pce4dIyTEWEtpzQ$/GOS0zzVBjA9JRtZysJEc0vIKNGnpVA77QJDZoAp3QI"
    assert adapter.outdated(stored + digest) is outdated
    adapter.close()


async def test_more_than_the_queue_holds_is_refused_at_once(passwords: ArgonPasswords) -> None:
    results = await asyncio.gather(*(passwords.hash("x") for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [str, str] + [PasswordsOverloaded] * 3
    assert await passwords.hash("x")


async def test_a_client_who_gives_up_frees_no_thread_that_still_works() -> None:
    slow = ArgonPasswords(1, 0, memory_kib=65_536, iterations=3)
    first = asyncio.create_task(slow.hash("x"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(PasswordsOverloaded):
        await slow.hash("x")

    async def free() -> bool:
        try:
            return bool(await slow.hash("x"))
        except PasswordsOverloaded:
            return False

    await eventually(free)
    slow.close()


async def test_networks_take_turns() -> None:
    passwords = ArgonPasswords(1, 40, memory_kib=64, iterations=1)
    order: list[str] = []

    async def hash_for(network: str) -> None:
        await passwords.hash("x", network=network)
        order.append(network)

    crowd = [asyncio.create_task(hash_for("crowd")) for _ in range(30)]
    await asyncio.sleep(0)
    await asyncio.gather(*(hash_for(f"home {number}") for number in range(5)))
    assert order.count("crowd") <= 7
    await asyncio.gather(*crowd)
    passwords.close()


async def test_a_newcomer_takes_the_place_of_a_crowd() -> None:
    passwords = ArgonPasswords(1, 3, memory_kib=64, iterations=1)
    crowd = [asyncio.create_task(passwords.hash("x", network="crowd")) for _ in range(4)]
    await asyncio.sleep(0)
    assert await passwords.hash("x", network="home")
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(result) for result in results] == [str, str, str, PasswordsOverloaded]
    passwords.close()


async def test_those_who_give_up_do_not_keep_others_waiting(passwords: ArgonPasswords) -> None:
    first, second = (asyncio.create_task(passwords.hash("x")) for _ in range(2))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await passwords.hash("x")
    assert await first


async def test_a_turn_that_comes_too_late_is_passed_on(passwords: ArgonPasswords) -> None:
    for _ in range(20):
        first, second = (asyncio.create_task(passwords.hash("x")) for _ in range(2))
        await asyncio.sleep(0)
        await first
        second.cancel()
        await asyncio.wait([second])
    assert await passwords.hash("x")
