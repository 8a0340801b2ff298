"""A real Traefik before stand-ins for the services."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from trolley.local.gateway import gateway_program
from trolley.local.ports import free_port
from trolley.local.process import ManagedProcess, Program
from trolley.local.readiness import Readiness

STAND_IN = Path(__file__).with_name("stand_in.py")
REPLICAS = ["auth-1", "products-1", "cart-1", "cart-2"]


class Gateway:
    """Traefik, the stand-ins behind it by name, and a client."""

    def __init__(self, client: httpx.AsyncClient, internal_url: str, access_log: Path) -> None:
        self.client = client
        self.internal_url = internal_url
        self.access_log = access_log
        self.stand_ins: dict[str, ManagedProcess] = {}

    async def kill(self, *replicas: str) -> None:
        for replica in replicas:
            await self.stand_ins[replica].kill()


StartGateway = Callable[..., Awaitable[Gateway]]
"""Starts a gateway with the given settings."""


def stand_in_program(replica: str, port: int) -> Program:
    command = [sys.executable, str(STAND_IN), str(port), replica]
    return Program(replica, command, dict(os.environ), STAND_IN.parent)


@asynccontextmanager
async def running_gateway(directory: Path, environment: Mapping[str, str]) -> AsyncIterator[Gateway]:
    port, internal = free_port(), free_port()
    ports: dict[str, list[int]] = {"auth": [], "products": [], "cart": []}
    async with AsyncExitStack() as stack:

        async def launch(program: Program) -> ManagedProcess:
            process = ManagedProcess(program, lambda _name, _line: None)
            await process.start()
            stack.push_async_callback(process.kill)
            return process

        base_url = f"http://127.0.0.1:{port}"
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=base_url, timeout=15))
        gateway = Gateway(client, f"http://127.0.0.1:{internal}", directory / "access.log")
        for replica in REPLICAS:
            ports[replica.partition("-")[0]].append(free_port())
            program = stand_in_program(replica, ports[replica.partition("-")[0]][-1])
            gateway.stand_ins[replica] = await launch(program)
        servers = {
            name: [f"http://127.0.0.1:{number}" for number in numbers] for name, numbers in ports.items()
        }
        variables = {**os.environ, **environment}
        traefik = await launch(gateway_program(directory, port, internal, servers, variables))
        await Readiness({**gateway.stand_ins, "gateway": traefik}, base_url, ports).wait(30)
        yield gateway
