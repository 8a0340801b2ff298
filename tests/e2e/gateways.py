"""A real Traefik before stand-ins for the services."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from tests.support.waiting import eventually
from trolley.local.gateway import gateway_program
from trolley.local.ports import free_port
from trolley.local.process import ManagedProcess, Program
from trolley.local.readiness import until_ready

STAND_IN = Path(__file__).with_name("stand_in.py")
CARTS = 2


class Gateway:
    """Traefik, the stand-ins behind it by name, and a client."""

    def __init__(self, client: httpx.AsyncClient, internal_url: str, access_log: Path) -> None:
        self.client = client
        self.internal_url = internal_url
        self.access_log = access_log
        self.stand_ins: dict[str, ManagedProcess] = {}
        self.urls: dict[str, str] = {}
        """Of the stand-ins themselves."""

    async def kill(self, *replicas: str) -> None:
        for replica in replicas:
            await self.stand_ins[replica].kill()

    async def make_unready(self, service: str, *replicas: str) -> None:
        """They say that they are not ready, and answer everything else. Returns once the gateway knows."""
        for replica in replicas:
            await self.client.post(f"{self.urls[replica]}/unready")
        known = f"{self.internal_url}/api/http/services/{service}@file"

        async def is_known() -> bool:
            states = (await self.client.get(known)).json()["serverStatus"]
            return all(states[self.urls[replica]] == "DOWN" for replica in replicas)

        await eventually(is_known)


StartGateway = Callable[..., Awaitable[Gateway]]
"""Starts a gateway with the given settings, before so many replicas of the cart service (`carts`)."""


def stand_in_program(replica: str, port: int) -> Program:
    command = [sys.executable, str(STAND_IN), str(port), replica]
    return Program(replica, command, dict(os.environ), STAND_IN.parent)


@asynccontextmanager
async def running_gateway(
    directory: Path, environment: Mapping[str, str], *, carts: int = CARTS
) -> AsyncIterator[Gateway]:
    """`carts`: the number of replicas of that service; the others have one."""
    port, internal = free_port(), free_port()
    base_url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:

        async def launch(program: Program) -> ManagedProcess:
            process = ManagedProcess(program)
            await process.start()
            stack.push_async_callback(process.kill)
            return process

        client = await stack.enter_async_context(httpx.AsyncClient(base_url=base_url, timeout=60))
        gateway = Gateway(client, f"http://127.0.0.1:{internal}", directory / "access.log")
        servers: dict[str, list[str]] = {"auth": [], "products": [], "cart": []}
        for replica in ["auth-1", "products-1", *(f"cart-{number + 1}" for number in range(carts))]:
            number = free_port()
            gateway.stand_ins[replica] = await launch(stand_in_program(replica, number))
            gateway.urls[replica] = f"http://127.0.0.1:{number}"
            servers[replica.partition("-")[0]].append(gateway.urls[replica])
        variables = {**os.environ, **environment}
        traefik = await launch(gateway_program(directory, port, internal, servers, variables))
        urls = gateway.urls | {name: f"{base_url}/api/v1/{name}/ready" for name in servers}
        await until_ready(urls, [*gateway.stand_ins.values(), traefik], 60)
        yield gateway
