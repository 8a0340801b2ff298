"""Ten thousand guesses against one account, from fifty networks, while its owner uses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import cycle
from typing import Any

import httpx
import pytest

from auth_service.bootstrap import compose, open_adapters
from auth_service.main import SPEC
from auth_service.service import AuthService
from auth_service.settings import AuthSettings
from shared.backends import Backends
from shared.clock import SystemClock
from shared.http.service import create_service
from tests.auth_service.attempts import GATEWAY, attempt, fresh_network
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person
from tests.support.apps import running
from tests.support.mails import MailsInFolder
from tests.support.servers import RedisServer
from tests.support.waiting import eventually

GUESSES, NETWORKS, AT_ONCE, CODE_EVERY = 10_000, 50, 50, 100
MOST_LOOKS = 200
GUESS = "guessed horse battery"


class CountingPasswords:
    """The hashes of a replica. `looks` counts guesses that were compared with a hash."""

    looks = 0

    def __init__(self, passwords: Any) -> None:
        self._passwords = passwords

    def __getattr__(self, name: str) -> Any:
        return getattr(self._passwords, name)

    async def verify(self, password: str, password_hash: str | None, **options: Any) -> bool:
        CountingPasswords.looks += password.startswith(GUESS)
        matches: bool = await self._passwords.verify(password, password_hash, **options)
        return matches


@asynccontextmanager
async def counting(settings: AuthSettings, backends: Backends) -> AsyncIterator[AuthService]:
    async with open_adapters(settings, backends) as adapters:
        passwords: Any = CountingPasswords(adapters.passwords)
        service = compose(settings, backends, replace(adapters, passwords=passwords))
        await service.keys.load()
        await service.keys.publish()
        yield service


@asynccontextmanager
async def two_replicas(settings: AuthSettings) -> AsyncIterator[list[httpx.AsyncClient]]:
    CountingPasswords.looks = 0
    async with AsyncExitStack() as stack:
        apps = [create_service(SPEC, settings, counting, clock=SystemClock()) for _ in range(2)]
        yield [await stack.enter_async_context(running(app)) for app in apps]


async def guess(replicas: list[httpx.AsyncClient], email: str, guesses: int) -> set[int]:
    """The statuses of so many guesses. Now and then the attackers also ask for a code, which goes to the
    owner."""
    networks = cycle([fresh_network() for _ in range(NETWORKS)])
    tries = zip(range(guesses), cycle(replicas), networks, strict=False)
    statuses = set()

    async def go_on() -> None:
        for number, replica, network in tries:
            answer = await attempt(replica, email, f"{GUESS} {number}", address=f"{network}::{number:x}")
            statuses.add(answer.status_code)
            await asyncio.sleep(0)  # to let the owner go on, where nothing is waited for
            if number % CODE_EVERY == 0:
                headers = {**GATEWAY, "X-Forwarded-For": f"{network}::{number:x}"}
                await replica.post(
                    f"{AUTH}/codes", json={"email": email, "purpose": "unlock"}, headers=headers
                )

    await asyncio.gather(*(go_on() for _ in range(AT_ONCE)))
    return statuses


class Owner:
    """The owner of the account, with a phone that is known and signed in."""

    def __init__(self, phone: Person) -> None:
        self.phone = phone
        self.password = PASSWORD
        self.devices = 0
        self.address = f"{fresh_network()}::1"

    async def sign_in(self, shop: httpx.AsyncClient, device: str) -> Person:
        answer = await attempt(shop, self.phone.email, self.password, address=self.address, device=device)
        assert answer.status_code == 200, answer.text
        return Person.of(shop, self.phone.email, answer.json())

    async def change_password(self, new: str) -> None:
        change = {"current_password": self.password, "new_password": new}
        answer = await self.phone.call("POST", "/password", change)
        assert answer.status_code == 204, answer.text
        self.password = new

    async def register_device(self, shop: httpx.AsyncClient, mails: MailsInFolder) -> None:
        """Signs in with a new device from a new network, by a code as soon as that is asked for."""
        network = fresh_network()

        async def refused() -> bool:
            answer = await attempt(shop, self.phone.email, self.password, address=f"{network}::1")
            assert answer.status_code in (200, 429)
            return answer.status_code == 429

        await eventually(refused)
        self.devices += 1
        await self.sign_in(shop, await eventually(lambda: self._unlocked(shop, mails, network)))

    async def _unlocked(self, shop: httpx.AsyncClient, mails: MailsInFolder, network: str) -> str | None:
        """A device token for the code of the newest mail; None if a newer one has come meanwhile."""
        headers = {**GATEWAY, "X-Forwarded-For": f"{network}::1"}
        ask = {"email": self.phone.email, "purpose": "unlock"}
        asked = await shop.post(f"{AUTH}/codes", json=ask, headers=headers)
        assert asked.status_code == 202, asked.text
        code = await mails.code(self.phone.email, "new device")
        given = {**ask, "code_id": asked.json()["code_id"], "code": code}
        used = await shop.post(f"{AUTH}/codes/use", json=given, headers=headers)
        return str(used.json()["device_token"]) if used.status_code == 200 else None

    async def live(
        self, replicas: list[httpx.AsyncClient], mails: MailsInFolder, attack: asyncio.Task[Any]
    ) -> int:
        """Until the attack is over, signs in with the phone and changes the password, and once registers a
        new device. Returns how often."""
        for rounds, shop in enumerate(cycle(replicas), 1):
            self.phone = await self.sign_in(shop, self.phone.device_token)
            await self.change_password(f"{PASSWORD} {rounds}")
            if not self.devices:
                await self.register_device(shop, mails)
            if attack.done():
                break
        return rounds


@pytest.mark.chaos
@pytest.mark.parametrize("redis", ["there", "away"])
async def test_the_owner_gets_in_during_ten_thousand_guesses(
    auth_settings: MakeSettings, mails: MailsInFolder, redis_server: RedisServer, redis: str
) -> None:
    names = ("auth_failures_per_network", "auth_first_wait_seconds")
    defaults = {name: AuthSettings.model_fields[name].default for name in names}
    async with two_replicas(auth_settings(redis_url=redis_server.url, **defaults)) as replicas:
        owner = Owner(await Person.registered(replicas[0]))
        if redis == "away":
            redis_server.stop()
        attack = asyncio.create_task(guess(replicas, owner.phone.email, GUESSES))
        rounds = await owner.live(replicas, mails, attack)
        assert await attack == {401, 429}
        print(f"{GUESSES} guesses, {CountingPasswords.looks} looks; the owner came in {rounds} times")
        assert 0 < CountingPasswords.looks < MOST_LOOKS
        assert owner.devices == 1
