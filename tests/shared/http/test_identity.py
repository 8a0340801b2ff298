"""The caller of a route."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.security.identity import Role, Scope
from tests.shared.http.demo import DemoSettings, create_app
from tests.support.apps import running
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

ME = "/api/v1/demo/me"
ADMIN = "/api/v1/demo/admin"


@pytest.fixture
async def client(
    tmp_path: Path, nats_url: str, redis_url: str, tokens: TokenIssuer
) -> AsyncIterator[httpx.AsyncClient]:
    settings = DemoSettings(sqlite_directory=tmp_path, nats_url=nats_url, redis_url=redis_url)
    async with running(create_app(settings)) as client:
        yield client


async def test_the_caller_is_known(client: httpx.AsyncClient, tokens: TokenIssuer) -> None:
    answer = await client.get(ME, headers={"Authorization": tokens.issue("ada")})
    assert (answer.status_code, answer.json()) == (200, "ada")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_the_scheme_is_read_as_the_rfc_says(
    client: httpx.AsyncClient, tokens: TokenIssuer, scheme: str
) -> None:
    answer = await client.get(ME, headers={"Authorization": f"{scheme} {tokens.token('ada')}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": ""}])
async def test_no_token(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get(ME, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="trolley"'
    assert answer.json()["type"] == "urn:trolley:problem:not-authenticated"


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer x", "Bearer é", 'Bearer "quoted"'])
async def test_a_token_that_is_none(client: httpx.AsyncClient, value: str) -> None:
    answer = await client.get(ME, headers={b"Authorization": value.encode("latin-1")})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_an_ended_session(client: httpx.AsyncClient, tokens: TokenIssuer, nats_url: str) -> None:
    headers = {"Authorization": tokens.issue("ada", session_id="to-be-ended")}
    assert (await client.get(ME, headers=headers)).status_code == 200
    await tokens.revoke(nats_url, "to-be-ended")

    async def ended() -> bool:
        return (await client.get(ME, headers=headers)).status_code == 401

    await eventually(ended)


async def test_a_scope_is_needed(client: httpx.AsyncClient, tokens: TokenIssuer) -> None:
    answer = await client.get(ADMIN, headers={"Authorization": tokens.issue("ada")})
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert challenge == 'Bearer realm="trolley", error="insufficient_scope", scope="users:admin"'
    granted = tokens.issue("ada", Role.CUSTOMER, scopes=[Scope.USERS_ADMIN])
    assert (await client.get(ADMIN, headers={"Authorization": granted})).status_code == 200
    assert (await client.get(ADMIN)).status_code == 401
