"""The command line is a known device of the accounts that it signed in to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from shared.ids import new_id
from tests.e2e.shops import Person, Shop, running_on
from tests.support.terminal import Terminal
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "correct horse battery staple"
FAILURES = 10
"""What an unknown device may fail without a wait."""


@pytest_asyncio.fixture(loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A shop where an unknown device waits longer than the test takes."""
    settings = {"AUTH_FIRST_WAIT_SECONDS": "900"}
    async with running_on("sqlite", tmp_path_factory.mktemp("shop") / ".data", settings) as started:
        yield started


async def guess(shop: Shop, email: str) -> int:
    body = {"email": email, "password": "a wrong guess"}
    return (await shop.client.post("/api/v1/auth/login", json=body)).status_code


async def is_signed_out(person: Person) -> bool:
    return (await person.call("GET", "/auth/me")).status_code == 401


async def test_call_signs_in_again_while_strangers_guess(shop: Shop, tmp_path: Path) -> None:
    """After a sign-out on every device."""
    email = f"{new_id()}@example.com"
    person = await shop.register(email, PASSWORD)
    terminal = Terminal(tmp_path, {"TROLLEY_URL": shop.stack.base_url})
    show = ("call", "GET", "/auth/me", "--as", email, "--password-stdin")
    first = await terminal.run(*show, stdin=f"{PASSWORD}\n")
    assert first.status == 0, first

    assert (await person.call("POST", "/auth/logout-all")).status_code == 204
    await eventually(lambda: is_signed_out(person))
    assert [await guess(shop, email) for _ in range(FAILURES + 2)] == [401] * FAILURES + [429] * 2

    again = await terminal.run(*show, stdin=f"{PASSWORD}\n")
    assert again.status == 0, again
    assert orjson.loads(again.output)["email"] == email
