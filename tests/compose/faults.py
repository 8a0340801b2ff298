"""Kills the parts of the shop one after another, under a light load of all kinds of requests.

Nothing but 2xx and problem documents of 503 (and 502, for what was under way) may be heard. Every accepted
write is there once in the end. `python -m tests.compose.faults` prints the counts; its status is 1 when one
of these promises is broken.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.compose.engine import PATIENCE_SECONDS, Engine
from tests.compose.load import Load
from tests.support.waiting import eventually

REPLICAS = {"auth": 2, "products": 2, "cart": 2}
STORE_AWAY_SECONDS = 60
STORE_FROZEN_SECONDS = 15
PART_AWAY_SECONDS = 5


class Faults:
    """What can happen to the shop, each with its own line of counts."""

    def __init__(self, engine: Engine, load: Load) -> None:
        self._engine = engine
        self._load = load

    async def run(self) -> None:
        """AssertionError when a part does not heal, or when what needs no dead part fails."""
        await self._store_killed()
        await self._store_frozen()
        await self._gateway_killed()
        for service in ("redis", "nats", "auth", "products", "cart"):
            await self._killed(service)
        await self._killed("auth", "products", "cart")

    async def _store_killed(self) -> None:
        """The gateway is restarted meanwhile: it finds every replica again, and its routes."""
        async with self._phase(f"elasticsearch killed for {STORE_AWAY_SECONDS} s"):
            await self._engine.kill("elasticsearch")
            await asyncio.sleep(STORE_AWAY_SECONDS / 2)
            await self._restart_gateway()
            await asyncio.sleep(STORE_AWAY_SECONDS / 2)
            await self._engine.start("elasticsearch")
        self._require_summaries()

    async def _store_frozen(self) -> None:
        async with self._phase(f"elasticsearch frozen for {STORE_FROZEN_SECONDS} s"):
            await self._engine.compose("pause", "elasticsearch")
            await asyncio.sleep(STORE_FROZEN_SECONDS)
            await self._engine.compose("unpause", "elasticsearch")
        self._require_summaries()

    async def _gateway_killed(self) -> None:
        async with self._phase("gateway killed"):
            await self._restart_gateway()

    async def _restart_gateway(self) -> None:
        self._load.gateway_is_away = True
        await self._engine.kill("gateway")
        await self._engine.start("gateway")
        self._load.gateway_is_away = False

    async def _killed(self, *services: str) -> None:
        async with self._phase(f"{', '.join(services)} killed for {PART_AWAY_SECONDS} s"):
            await self._engine.kill(*services)
            await asyncio.sleep(PART_AWAY_SECONDS)
            await self._engine.start(*services)

    def _require_summaries(self) -> None:
        """They come from Redis, and tokens are checked without the store."""
        heard = self._load.tally.heard("summary")
        assert set(heard) == {200}, f"summaries without the store: {heard}"

    @asynccontextmanager
    async def _phase(self, name: str) -> AsyncIterator[None]:
        """Ends once every kind of request has succeeded again."""
        tally = self._load.tally
        tally.begin(name)
        yield
        tally.succeeded.clear()
        try:
            await eventually(lambda: tally.succeeded >= self._load.kinds, PATIENCE_SECONDS, every=0.1)
        finally:
            print(tally.line(name), flush=True)


async def main() -> int:
    project = os.environ.get("COMPOSE_PROJECT_NAME", "trolley-faults")
    async with Engine.running(project, int(os.environ.get("GATEWAY_PORT", "3081")), **REPLICAS) as engine:
        async with Load.on(engine) as load:
            await Faults(engine, load).run()
        print(await engine.trolley("verify"))
    tally = load.tally
    print(f"{tally.total:,} requests, {len(tally.failures)} that break a promise")
    print("\n".join(tally.failures[:50]))
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
