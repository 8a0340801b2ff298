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


async def test_other_parameters_are_outdated(passwords: ArgonPasswords) -> None:
    other = ArgonPasswords(1, 1, memory_kib=72, iterations=1)
    assert not passwords.outdated(await passwords.hash("correct horse"))
    assert passwords.outdated(await other.hash("correct horse"))
    other.close()


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
