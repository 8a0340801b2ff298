"""Signing keys change while people use the shop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from jose import jwt

from auth_service.operator import OperatorService
from tests.e2e.shops import Person, Shop, running_on
from tests.support.waiting import eventually
from trolley.operations import operate
from trolley.secrets import new_secret

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PEOPLE = 8
ROTATIONS = 3
SETTINGS = {"AUTH_KEY_RELOAD_SECONDS": "0.5", "AUTH_SIGN_UPS_PER_MINUTE": "0", "AUTH_GUESTS_PER_MINUTE": "0"}


class Load:
    """People who refresh their tokens and use them at two services. `statuses` counts the answers."""

    def __init__(self, shop: Shop) -> None:
        self.statuses: Counter[tuple[str, int]] = Counter()
        self._shop = shop

    async def run(self) -> None:
        person = await self._shop.guest()
        while True:
            await self._use(person)
            body = {"refresh_token": person.session["refresh_token"]}
            answer = await person.call("POST", "/auth/refresh", json=body)
            self.statuses["refresh", answer.status_code] += 1
            person = Person(self._shop.client, answer.json())

    async def _use(self, person: Person) -> None:
        for path in ("/cart", "/auth/sessions"):
            self.statuses[path, (await person.call("GET", path)).status_code] += 1

    @property
    def refused(self) -> dict[tuple[str, int], int]:
        return {what: count for what, count in self.statuses.items() if what[1] != 200}


@asynccontextmanager
async def under_load(shop: Shop) -> AsyncIterator[Load]:
    """Ends with an AssertionError if anybody was refused."""
    load = Load(shop)
    tasks = [asyncio.create_task(load.run()) for _ in range(PEOPLE)]
    try:
        yield load
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert load.refused == {}
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def goes_on(load: Load) -> None:
    """Returns once everybody has used the shop some times more."""
    used = load.statuses.total()
    await eventually(lambda: load.statuses.total() > used + 10 * PEOPLE)


async def test_nobody_is_refused_while_keys_rotate(tmp_path: Path) -> None:
    async with running_on("sqlite", tmp_path, SETTINGS, auth=2, cart=2) as shop, under_load(shop) as load:
        for _ in range(ROTATIONS):
            kid = (await operate(shop.stack.environment, OperatorService.rotate_keys)).kid

            async def signs(kid: str = kid) -> bool:
                token = (await shop.guest()).session["access_token"]
                return bool(jwt.get_unverified_header(token)["kid"] == kid)

            await eventually(signs)
            await goes_on(load)


async def test_nobody_is_refused_while_the_secret_changes(tmp_path: Path) -> None:
    """In the two steps of docs/operating.md, one replica after the other."""
    settings = {**SETTINGS, "HTTP_DRAIN_DELAY_SECONDS": "3"}
    async with running_on("sqlite", tmp_path, settings, auth=2) as shop, under_load(shop) as load:
        old, new = shop.stack.environment["AUTH_SECRET"], new_secret()
        for secret, previous in ((old, new), (new, old), (new, "")):
            for index in range(2):
                process = shop.stack.process("auth", index)
                told = {
                    **process.program.environment,
                    "AUTH_SECRET": secret,
                    "AUTH_SECRET_PREVIOUS": previous,
                }
                process.program = replace(process.program, environment=told)
                await shop.stack.restart("auth", index)
                await goes_on(load)
