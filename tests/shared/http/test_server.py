"""The process: it drains, it ends with 0, and it says which setting to change."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.waiting import eventually

PREFIX = "/api/v1/demo"


def environment(directory: Path, nats_url: str, redis_url: str, port: int, **more: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **inherited,
        "SQLITE_DIRECTORY": str(directory),
        "NATS_URL": nats_url,
        "REDIS_URL": redis_url,
        "DEMO_PORT": str(port),
        **more,
    }


async def start(settings: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.shared.http.demo"),
        env=settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@asynccontextmanager
async def replica(
    settings: dict[str, str],
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    process = await start(settings)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{settings['DEMO_PORT']}", timeout=60
        ) as client:
            await eventually(lambda: is_ready(client))
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get(f"{PREFIX}/health/ready")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def settings(tmp_path: Path, nats_url: str, redis_url: str, free_port: int) -> dict[str, str]:
    return environment(tmp_path, nats_url, redis_url, free_port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_running_request_is_finished_and_the_process_ends_with_0(
    settings: dict[str, str], number: signal.Signals
) -> None:
    async with replica(settings) as (process, client):
        running = asyncio.create_task(client.get(f"{PREFIX}/slow"))
        await eventually(lambda: in_flight(client))
        process.send_signal(number)
        answer = await running
        assert (answer.status_code, answer.json()) == (200, "finished")
        assert answer.headers["connection"] == "close"
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        assert b'"event":"draining"' in output
        assert output.rindex(b'"event":"stopped"') > output.index(b'"event":"draining"')


async def in_flight(client: httpx.AsyncClient) -> bool:
    return "http_requests_in_flight 2.0" in (await client.get("/metrics")).text


async def test_readiness_fails_at_once_while_the_listener_stays_for_the_delay(
    settings: dict[str, str],
) -> None:
    async with replica(settings | {"HTTP_DRAIN_DELAY_SECONDS": "20"}) as (process, client):
        assert (await client.get("/gateway/accepts")).status_code == 204
        process.send_signal(signal.SIGTERM)

        async def refused() -> httpx.Response | None:
            answer = await client.get(f"{PREFIX}/health/ready")
            return answer if answer.status_code == 503 else None

        answer = await eventually(refused)
        assert answer is not None
        assert answer.json()["checks"] == {
            "process": {"status": "unavailable", "detail": "it is shutting down"}
        }
        assert answer.headers["connection"] == "close"
        assert (await client.get("/gateway/accepts")).status_code == 503
        assert (await client.get(PREFIX)).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_a_request_that_takes_too_long_does_not_keep_the_process(settings: dict[str, str]) -> None:
    async with replica(settings | {"HTTP_DRAIN_SECONDS": "1"}) as (process, client):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(settings["DEMO_PORT"]))
        writer.write(f"PUT {PREFIX} HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf".encode())
        await eventually(lambda: in_flight(client))
        process.send_signal(signal.SIGTERM)
        answer = (await reader.read()).decode()
        writer.close()
        assert answer.startswith("HTTP/1.1 503 ")
        assert "application/problem+json" in answer
        assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_a_port_in_use_is_named_with_its_setting(settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(settings["DEMO_PORT"]))):
        process = await start(settings)
        output, _ = await process.communicate()
    assert process.returncode == 1
    port = settings["DEMO_PORT"]
    assert output.decode() == f"Port {port} on 127.0.0.1 is in use: set DEMO_PORT to another port.\n"


async def test_settings_that_are_not_valid_are_named(settings: dict[str, str]) -> None:
    process = await start(settings | {"HTTP_DRAIN_SECONDS": "soon", "STORE_BATCH_ITEMS": "0"})
    output, _ = await process.communicate()
    assert process.returncode == 1
    lines = output.decode().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["HTTP_DRAIN_SECONDS", "STORE_BATCH_ITEMS"]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("REDIS_URL", "user:hidden@localhost:6379"),
        ("ELASTICSEARCH_URL", "https://user:hidden@localhost"),
        ("NATS_URL", "nats://localhost:4222,http://user:hidden@localhost:4222"),
    ],
)
async def test_what_is_no_address_is_named_and_not_shown(
    settings: dict[str, str], name: str, address: str
) -> None:
    process = await start(settings | {name: address})
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    [line] = output.decode().splitlines()
    assert line.startswith(f"{name}: is no address of such a server, which looks like ")
    assert "hidden" not in line


async def test_a_start_that_cannot_succeed_ends_the_process(settings: dict[str, str]) -> None:
    process = await start(settings | {"DEMO_FAILS": "true"})
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b'"event":"could not start"' in output
    assert b"a bug of the demonstration" in output
    assert b"could not close in order" not in output


async def test_a_default_secret_in_production_is_named(settings: dict[str, str]) -> None:
    process = await start(settings | {"ENVIRONMENT": "production"})
    output, _ = await process.communicate()
    assert process.returncode == 1
    assert "CURSOR_SECRET must be set" in output.decode()
