"""What the gateway answers while it knows a part of its routes, or no replica of a service."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import yaml

from tests.support.waiting import eventually
from trolley.invocation import REPOSITORY
from trolley.local.gateway import ROUTES, gateway_program
from trolley.local.ports import free_port
from trolley.local.process import ManagedProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


class BareGateway:
    """Traefik alone, with the routes of a folder."""

    def __init__(self, client: httpx.AsyncClient, internal_url: str) -> None:
        self.client = client
        self._internal_url = internal_url

    async def is_open(self) -> bool:
        """Whether its ports are."""
        try:
            return (await self.client.get(f"{self._internal_url}/ping")).is_success
        except httpx.TransportError:
            return False

    async def is_well(self) -> bool:
        """What the engine is told: the request and the words of the container's health check."""
        compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
        command = compose["services"]["gateway"]["healthcheck"]["test"][-1]
        match = re.fullmatch(r"wget -qO- http://127\.0\.0\.1:8080(\S+) \| grep -q '(.+)'", command)
        assert match is not None, command
        answer = await self.client.get(f"{self._internal_url}{match[1]}")
        return answer.is_success and match[2] in answer.text


@asynccontextmanager
async def bare_gateway(directory: Path, routes: Path) -> AsyncIterator[BareGateway]:
    """Returns once its ports are open."""
    port, internal = free_port(), free_port()
    program = gateway_program(directory, port, internal, {}, os.environ, routes=routes)
    process = ManagedProcess(program)
    await process.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            gateway = BareGateway(client, f"http://127.0.0.1:{internal}")
            await eventually(gateway.is_open)
            yield gateway
    finally:
        await process.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def forgotten(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BareGateway]:
    """No provider knows a replica: as under Docker, which forgets a service with its last container."""
    directory = tmp_path_factory.mktemp("forgotten")
    routes = directory / "routes"
    shutil.copytree(ROUTES, routes)
    (routes / "servers.yml").unlink()
    async with bare_gateway(directory, routes) as gateway:
        await eventually(gateway.is_well)
        yield gateway


async def test_the_gateway_is_well_once_it_knows_its_routes(tmp_path: Path) -> None:
    routes = tmp_path / "routes"
    routes.mkdir()
    async with bare_gateway(tmp_path, routes) as gateway:
        assert not await gateway.is_well()
        for path in ROUTES.iterdir():
            shutil.copy(path, routes)
        await eventually(gateway.is_well)
        assert (await gateway.client.get("/nowhere")).json()["type"] == "urn:trolley:problem:not-found"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/auth/login",
        "/api/v1/auth/me",
        "/api/v1/products",
        "/api/v1/products/import",
        "/api/v1/cart",
        "/api/v1/cart/events",
        "/docs",
        "/docs/docs.css",
        "/openapi.json",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_known_path_without_a_known_replica_is_a_503_problem(
    forgotten: BareGateway, path: str, method: str
) -> None:
    response = await forgotten.client.request(method, path, headers={"Origin": "http://localhost:5173"})
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
    assert response.json()["type"] == "urn:trolley:problem:unavailable"
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["x-request-id"] == response.json()["request_id"]
    assert response.headers["access-control-allow-origin"] == "http://localhost:5173"
