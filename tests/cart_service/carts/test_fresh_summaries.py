"""Fresh summaries on the real stores, NATS and Redis, with the delays that there are: what
`service/test_summaries_stateful` proves in memory.

Steps are chosen at random, and some run at once; a failure shows the seed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from cart_service.carts.operations import AddItem, RemoveItem
from cart_service.carts.rendering import render_cart
from cart_service.carts.service import CartWrite
from cart_service.carts.summaries import cache_key
from cart_service.settings import CartSettings
from shared.clock import SystemClock
from shared.ids import new_id
from tests.cart_service.conftest import Catalogue
from tests.cart_service.replicas import Replica, running_replica
from tests.support.servers import RedisServer
from tests.support.waiting import eventually

REPLICAS = 3
STEPS = 100
SECONDS = 12


def prices_of(body: bytes) -> dict[str, int]:
    return {item["product_id"]: item["unit_price"] for item in orjson.loads(body)["items"]}


@dataclass
class Shop:
    """Replicas that come and go, with one cart that is changed and one that only shows what a replica has
    heard of prices, which never fall."""

    settings: CartSettings
    catalogue: Catalogue
    redis: RedisServer
    chance: random.Random
    stack: AsyncExitStack
    owner: str = field(default_factory=new_id)
    probe: str = field(default_factory=new_id)
    replicas: list[Replica] = field(default_factory=list)
    prices: dict[str, int] = field(default_factory=dict)
    answered: int = 0
    repricing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> None:
        for _ in range(3):
            self.prices[await self.catalogue.put(price=1)] = 1
        self.replicas = [await self.start() for _ in range(REPLICAS)]
        everything = [AddItem(id, 1) for id in self.prices]
        await self.replicas[0].service.writer.write(CartWrite(self.probe, everything))

    async def start(self) -> Replica:
        return await self.stack.enter_async_context(running_replica(self.settings, SystemClock()))

    async def write(self) -> None:
        replica, product = self.chance.choice(self.replicas), self.chance.choice(list(self.prices))
        operation = RemoveItem(product) if self.chance.random() < 0.2 else AddItem(product, 1)
        had_redis = replica.cache.available
        written = await replica.service.writer.write(CartWrite(self.owner, [operation]))
        if not (had_redis and replica.cache.available):
            await self.until_all_have_heard(written.cart.version)
        self.answered = max(self.answered, written.cart.version)
        reader = self.chance.choice(self.replicas)  # at once, before the write's event can have come
        assert (await reader.service.summaries.get(self.owner)).version >= written.cart.version

    async def until_all_have_heard(self, version: int) -> None:
        """The announcement is on its way, and until it has come a replica may serve the summary of before."""

        async def shown() -> bool:
            summaries = [await replica.service.summaries.get(self.owner) for replica in self.replicas]
            return all(summary.version >= version for summary in summaries)

        await eventually(shown)

    async def read(self) -> None:
        replica, answered = self.chance.choice(self.replicas), self.answered
        heard = prices_of(render_cart(await replica.service.reader.read(self.probe)).body)
        summary = await replica.service.summaries.get(self.owner)
        assert summary.version >= answered
        for product, price in prices_of(summary.body).items():
            assert price >= heard[product]

    async def reprice(self) -> None:
        product = self.chance.choice(list(self.prices))
        async with self.repricing:
            price = self.prices[product] = self.prices[product] + 1
            await self.catalogue.put(product, price=price, version=price)

    async def lose_the_data_of_redis(self) -> None:
        await self.command("FLUSHALL")

    async def evict(self) -> None:
        await self.command("DEL", cache_key(self.owner))

    async def stop_or_start_redis(self) -> None:
        if self.redis.is_running:
            self.redis.stop()
        else:
            self.redis.start()

    async def abandon_a_writer(self) -> None:
        """It gets no further than somewhere between its write and its answer, and is never asked again."""
        number = self.chance.randrange(REPLICAS)
        write = CartWrite(self.owner, [AddItem(self.chance.choice(list(self.prices)), 1)])
        task = asyncio.create_task(self.replicas[number].service.writer.write(write))
        for _ in range(self.chance.randrange(12)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.replicas[number] = await self.start()

    async def command(self, *words: str) -> None:
        if self.redis.is_running:
            async with Redis.from_url(self.redis.url) as client:
                await client.execute_command(*words)

    async def step(self) -> None:
        harmless = self.chance.choices([self.write, self.read, self.reprice], [3, 4, 1], k=4)
        await asyncio.gather(*(action() for action in harmless))
        faults = [self.lose_the_data_of_redis, self.evict, self.stop_or_start_redis, self.abandon_a_writer]
        if self.chance.random() < 0.5:
            await self.chance.choices(faults, [3, 4, 2, 1])[0]()
        await asyncio.gather(*(self.read() for _ in range(3)))


@pytest.fixture
async def shop(
    backend_settings: dict[str, Any], catalogue: Catalogue, redis_server: RedisServer
) -> AsyncIterator[Shop]:
    settings = CartSettings(**{**backend_settings, "redis_url": redis_server.url})
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    async with AsyncExitStack() as stack:
        shop = Shop(settings, catalogue, redis_server, random.Random(seed), stack)
        await shop.open()
        yield shop


async def test_no_summary_is_older_than_what_its_reader_could_know(shop: Shop) -> None:
    loop = asyncio.get_running_loop()
    end, steps = loop.time() + SECONDS, 0
    while steps < STEPS and loop.time() < end:
        await shop.step()
        steps += 1
    assert shop.answered, f"nothing was written in {steps} steps"
    assert len({(await replica.service.summaries.get(shop.owner)).version for replica in shop.replicas}) == 1
