"""One address floods the registration, and all others sign in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from auth_service.main import create_app
from auth_service.settings import AuthSettings
from tests.auth_service.attempts import GATEWAY, attempt, fresh_network
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import serving
from tests.support.servers import RedisServer
from tests.support.waiting import eventually

CONNECTIONS, OTHERS = 200, 20
PASSWORD_SETTINGS = ("auth_password_memory_kib", "auth_password_iterations", "auth_password_queue")


class Flood:
    """Registrations of one address, over so many connections, each after the other."""

    def __init__(self, url: httpx.URL) -> None:
        self.answers: dict[int, int] = {}
        self._url = url
        headers = {**GATEWAY, "X-Forwarded-For": f"{fresh_network()}::1", "Content-Type": "application/json"}
        lines = [f"POST {AUTH}/register HTTP/1.1", "Host: shop", *(": ".join(it) for it in headers.items())]
        self._head = "\r\n".join(lines)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        streams = [await asyncio.open_connection(self._url.host, self._url.port) for _ in range(CONNECTIONS)]
        connections = [asyncio.create_task(self._register(*stream)) for stream in streams]
        try:
            yield
        finally:
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    async def _register(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                body = json.dumps({"name": "Mallory", "email": fresh_email(), "password": PASSWORD})
                writer.write(f"{self._head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r")[0]))
                status = int(head.split()[1])
                self.answers[status] = self.answers.get(status, 0) + 1
        finally:
            writer.close()


@pytest.mark.parametrize(
    ("sign_ups", "redis"),
    [(30, "there"), (30, "away"), (0, "there")],
    ids=["limited", "without redis", "unlimited"],
)
async def test_one_address_that_floods_the_registration_keeps_nobody_out(
    auth_settings: MakeSettings, redis_server: RedisServer, sign_ups: int, redis: str
) -> None:
    """Without a limit of sign-ups the turns at the hashes alone hold the flood back."""
    defaults = {name: AuthSettings.model_fields[name].default for name in PASSWORD_SETTINGS}
    defaults["redis_url"] = redis_server.url
    async with serving(create_app(auth_settings(**defaults))) as quiet:
        people = [await Person.registered(quiet) for _ in range(OTHERS)]
    async with serving(create_app(auth_settings(**defaults, auth_sign_ups_per_minute=sign_ups))) as shop:
        flood = Flood(shop.base_url)
        if redis == "away":
            redis_server.stop()
        async with flood.running():
            await eventually(lambda: sum(flood.answers.values()) > OTHERS)
            started = time.monotonic()
            async with httpx.AsyncClient(base_url=shop.base_url, timeout=None) as others:
                tries = [
                    attempt(others, ana.email, PASSWORD, address=f"{fresh_network()}::1") for ana in people
                ]
                answers = await asyncio.gather(*tries)
            seconds = time.monotonic() - started
        print(f"{OTHERS} sign-ins in {seconds:.2f} s; the flood was answered {flood.answers}")
        assert [answer.status_code for answer in answers] == [200] * OTHERS
