"""The environment of a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse

from tests.support.apps import serving
from trolley.environment import checked_address, require_servers, require_store, shop_url
from trolley.errors import CommandFailed


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://localhost:3105", "http://localhost:3105"),
        ("http://localhost:3105/", "http://localhost:3105"),
        ("https://shop.example", "https://shop.example"),
        ("HTTP://LOCALHOST:3105", "http://localhost:3105"),
        ("http://[::1]:3105", "http://[::1]:3105"),
    ],
)
def test_an_address_is_kept_in_one_form(given: str, address: str) -> None:
    assert checked_address(given) == address


@pytest.mark.parametrize(
    "given",
    [
        *("localhost:3105", "localhost", "3105", "", "http://", "http://localhost:abc", "ftp://localhost"),
        *("http://localhost:99999", "http://localhost:3000/api", "http://localhost:3000?x=1", "http://a b"),
    ],
)
def test_what_is_no_address_is_told(given: str) -> None:
    with pytest.raises(CommandFailed, match=r"http://localhost:3000|65535"):
        checked_address(given)


@pytest.fixture(
    params=[
        ({"status": "ok"}, 200, "application/json", True),
        ({"status": 503}, 503, "application/problem+json", True),
        ({"status": "fine"}, 200, "application/json", False),
        (["ok"], 200, "application/json", False),
        ({"detail": "Not Found"}, 404, "application/json", False),
    ],
    ids=["shop", "starting", "stranger", "list", "none"],
)
async def answering(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, bool]]:
    """Servers on the shop's port, and whether they are a shop."""
    body, status, kind, is_shop = request.param
    app = FastAPI()

    def answer() -> Any:
        return JSONResponse(body, status, media_type=kind)

    app.add_api_route("/api/v1/auth/health/live", answer)
    async with serving(app, wait_ready=False) as client:
        yield str(client.base_url.port), is_shop


async def test_an_address_that_nobody_named_is_asked_who_it_is_and_shown(
    answering: tuple[str, bool], capsys: pytest.CaptureFixture[str]
) -> None:
    port, is_shop = answering

    def look() -> str:
        return shop_url({"GATEWAY_PORT": port})

    if is_shop:
        assert await asyncio.to_thread(look) == f"http://localhost:{port}"
        assert capsys.readouterr().err == f"Using the shop at http://localhost:{port}.\n"
    else:
        with pytest.raises(CommandFailed, match="is not a shop"):
            await asyncio.to_thread(look)


def test_a_store_has_to_be_there(tmp_path: Path) -> None:
    require_store({"SQLITE_DIRECTORY": str(tmp_path)})
    require_store({"ELASTICSEARCH_URL": "http://127.0.0.1:1"})
    for environment in ({}, {"SQLITE_DIRECTORY": str(tmp_path / "none")}):
        with pytest.raises(CommandFailed, match="store"):
            require_store(environment)


def test_the_servers_that_are_not_known_are_named() -> None:
    require_servers({"NATS_URL": "nats://x", "REDIS_URL": "redis://x"}, "NATS_URL", "REDIS_URL")
    with pytest.raises(CommandFailed, match="set NATS_URL and REDIS_URL"):
        require_servers({"NATS_URL": ""}, "NATS_URL", "REDIS_URL")
