"""Keys and secrets change under load, replica by replica, and nobody is refused."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx
from jose import jwt

from auth_service.bootstrap import open_operator_tools
from auth_service.main import create_app
from auth_service.settings import AuthSettings
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import Person
from tests.support.apps import running
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

OLD, NEW = "the old secret of a fair length", "the new secret of a fair length"
STEPS = [
    {"auth_secret": OLD},
    {"auth_secret": OLD, "auth_secret_previous": NEW},
    {"auth_secret": NEW, "auth_secret_previous": OLD},
    {"auth_secret": NEW},
]


@dataclass
class Shopper:
    """Somebody who calls the shop and refreshes all the time, at one replica after the other."""

    person: Person
    rounds: int = 0
    leaves: bool = False
    refused: list[str] = field(default_factory=list)
    kids: set[str] = field(default_factory=set)

    async def shop_on(self, replicas: list[httpx.AsyncClient]) -> None:
        while not self.leaves:
            self.rounds += 1
            replica, other = replicas[self.rounds % 2], replicas[(self.rounds + 1) % 2]
            self._note(await self.person.at(other).call("GET", "/me"))
            tabs = await asyncio.gather(self.person.at(replica).refresh(), self.person.at(other).refresh())
            for answer in tabs:
                self._note(answer)
            if not self.refused:
                self.person = Person.of(replica, "", tabs[0].json())
                self.kids.add(jwt.get_unverified_header(self.person.access_token)["kid"])

    def _note(self, answer: httpx.Response) -> None:
        if answer.status_code != 200:
            self.refused.append(answer.text)


class Deployment:
    """Two replicas, replaced one by one. A replaced one ends when no shopper calls it any more."""

    def __init__(self, shoppers: list[Shopper]) -> None:
        self._shoppers = shoppers
        self._stacks: list[AsyncExitStack] = []
        self.replicas: list[httpx.AsyncClient] = []

    async def start(self, settings: AuthSettings) -> None:
        stack = AsyncExitStack()
        self.replicas.append(await stack.enter_async_context(running(create_app(settings))))
        self._stacks.append(stack)

    async def replace(self, settings: AuthSettings) -> None:
        for _ in range(2):
            await self.start(settings)
            del self.replicas[0]
            await self.rounds(2)
            await self._stacks.pop(0).aclose()

    async def rounds(self, number: int) -> None:
        """Returns when every shopper has done so many more rounds."""
        wanted = [shopper.rounds + number for shopper in self._shoppers]

        def done() -> bool:
            return all(each.rounds >= least for each, least in zip(self._shoppers, wanted, strict=True))

        await eventually(done)

    async def close(self) -> None:
        for stack in self._stacks:
            await stack.aclose()


async def test_nobody_is_refused_while_keys_and_secrets_change(
    auth_settings: MakeSettings, nats_server: NatsServer
) -> None:
    common = {"nats_url": nats_server.url, "auth_key_reload_seconds": 0.1}
    steps = [auth_settings(**common, **step) for step in STEPS]
    shoppers: list[Shopper] = []
    deployment = Deployment(shoppers)
    try:
        for _ in range(2):
            await deployment.start(steps[0])
        shoppers += [Shopper(await Person.registered(deployment.replicas[0])) for _ in range(6)]
        loads = [asyncio.create_task(shopper.shop_on(deployment.replicas)) for shopper in shoppers]
        try:
            for settings in steps:
                await deployment.replace(settings)
                async with open_operator_tools(settings) as operator:
                    kid = (await operator.rotate_keys()).kid

                def all_use_it(kid: str = kid) -> bool:
                    return all(kid in shopper.kids for shopper in shoppers)

                await eventually(all_use_it)
            await deployment.rounds(2)
        finally:
            for shopper in shoppers:
                shopper.leaves = True
            await asyncio.gather(*loads)
        assert [shopper.refused for shopper in shoppers] == [[]] * 6
        assert all(len(shopper.kids) >= 5 for shopper in shoppers)
    finally:
        await deployment.close()
