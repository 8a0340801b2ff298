"""Scales every service up and down and restarts each replica, under a light load of all kinds of requests.

No request may fail. `python -m tests.compose.scaling` prints the counts, and runs again if a request failed.
Its status is 1 if one failed in both runs.
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

FIRST, *SCALES = (
    {"auth": auth, "products": products, "cart": cart}
    for auth, products, cart in ((2, 2, 2), (1, 1, 1), (2, 2, 4), (1, 1, 2), (2, 2, 3))
)


class Scaling:
    """One run. It waits for what the gateway knows, never for a time."""

    def __init__(self, engine: Engine, load: Load) -> None:
        self._engine = engine
        self._load = load

    async def run(self) -> None:
        for replicas in SCALES:
            async with self._phase("scaled to " + ", ".join(f"{n} {name}" for name, n in replicas.items())):
                await self._engine.scale(**replicas)
                for service, count in replicas.items():
                    await self._until_routed(service, count)
        for service in FIRST:
            async with self._phase(f"{service} restarted, one replica after another"):
                containers = await self._engine.containers(service)
                for container in containers:
                    await self._engine.restart(container)
                    await self._until_routed(service, len(containers))

    async def _until_routed(self, service: str, count: int) -> None:
        async def is_routed() -> bool:
            return await self._engine.routed(service) == count

        await eventually(is_routed, PATIENCE_SECONDS, every=0.5)

    @asynccontextmanager
    async def _phase(self, name: str) -> AsyncIterator[None]:
        """Ends once every kind of request has succeeded on what there is now."""
        tally = self._load.tally
        tally.begin(name)
        yield
        tally.succeeded.clear()
        await eventually(lambda: tally.succeeded >= self._load.kinds, PATIENCE_SECONDS, every=0.1)
        print(tally.line(name), flush=True)


async def run_once(project: str, port: int) -> int:
    """The number of requests that failed."""
    async with Engine.running(project, port, **FIRST) as engine, Load.on(engine) as load:
        await Scaling(engine, load).run()
    failed = load.tally.total - load.tally.successes
    print(f"{load.tally.total:,} requests, {failed} failed")
    print("\n".join((load.tally.refusals + load.tally.failures)[:50]))
    return failed


async def main() -> int:
    project = os.environ.get("COMPOSE_PROJECT_NAME", "trolley-scaling")
    port = int(os.environ.get("GATEWAY_PORT", "3082"))
    failed = await run_once(project, port)
    if failed:
        print("Once more:")
        failed = await run_once(project, port)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
