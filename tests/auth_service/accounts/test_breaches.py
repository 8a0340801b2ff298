"""The service of breached passwords: what it learns, and what happens without it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from auth_service.accounts.breaches import BreachRanges, NoBreaches
from auth_service.main import create_app
from shared.observability.metrics import REGISTRY
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, fresh_email
from tests.support.apps import running


def digest(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


class RangeServer:
    """Answers every request with one text, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.answer = b""
        self.status = b"200 OK"
        self.silent = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        if self.silent:
            await reader.read()
        else:
            head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            writer.write(head % (self.status, len(self.answer)) + self.answer)
        writer.close()


@pytest.fixture
async def server() -> RangeServer:
    return RangeServer()


@pytest.fixture
async def ranges(server: RangeServer) -> AsyncIterator[BreachRanges]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    adapter = BreachRanges(f"http://127.0.0.1:{port}/", timeout_seconds=5)
    yield adapter
    await adapter.close()
    listening.close()
    await listening.wait_closed()


def failures() -> float:
    return REGISTRY.get_sample_value("auth_breach_lookups_failed_total") or 0


async def test_a_breached_password_is_known(ranges: BreachRanges, server: RangeServer) -> None:
    known, padding = digest("known otter")[5:], digest("brown otter")[5:]
    server.answer = f"{'0' * 35}:3\r\n{known}:12\r\n{padding}:0\r\n".encode()
    assert await ranges.contains("known otter")
    assert not await ranges.contains("brown otter")
    assert not await ranges.contains("other otter")


async def test_the_service_learns_five_digits(ranges: BreachRanges, server: RangeServer) -> None:
    await ranges.contains("known otter")
    (request,) = server.requests
    assert request.startswith(f"GET /range/{digest('known otter')[:5]} HTTP".encode())
    assert digest("known otter")[5:].encode() not in request.upper()
    assert b"\r\nadd-padding: true\r\n" in request.lower()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (b"503 Service Unavailable", b""),
        (b"302 Found", b""),
        (b"200 OK", b"<html>"),
        (b"200 OK", b"\xff"),
        (b"200 OK", b"A" * 2_000_000),
    ],
)
async def test_without_a_proper_answer_the_password_is_accepted(
    ranges: BreachRanges, server: RangeServer, status: bytes, answer: bytes
) -> None:
    server.status, server.answer = status, answer
    before = failures()
    assert not await ranges.contains("known otter")
    assert failures() == before + 1


async def test_a_service_that_is_silent_or_away_is_not_waited_for(server: RangeServer) -> None:
    server.silent = True
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", "http://127.0.0.1:1"):
        adapter = BreachRanges(address, timeout_seconds=0.1)
        assert not await adapter.contains("known otter")
        await adapter.close()
    listening.close()


async def test_a_breached_password_is_refused_at_registration(auth_settings: MakeSettings) -> None:
    server = RangeServer()
    server.answer = f"{digest('known brown otter')[5:]}:12\r\n".encode()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with running(create_app(auth_settings(auth_breached_passwords_url=url))) as shop:
        body = {"name": "Ana", "email": fresh_email()}
        refused = await shop.post(f"{AUTH}/register", json={**body, "password": "known brown otter"})
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert error["pointer"] == "/password"
        assert "data breach" in error["message"]
        accepted = await shop.post(f"{AUTH}/register", json={**body, "password": PASSWORD})
        assert accepted.status_code == 201
    listening.close()


async def test_nobody_is_asked_by_default() -> None:
    nobody = NoBreaches()
    assert not await nobody.contains("password")
    await nobody.close()
