"""The command `trolley services`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.apps import serving
from tests.support.terminal import Terminal
from trolley.openapi.operations import ApiOperation


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    app = FastAPI()
    for path in ("/api/v1/products", "/api/v1/cart", "/api/v1/cart/promo-code"):
        app.add_api_route(path, lambda: None, methods=["PUT"], summary=f"Change {path[-4:]}")
    async with serving(app, wait_ready=False) as client:
        yield Terminal(tmp_path, {"TROLLEY_URL": str(client.base_url).rstrip("/")})


async def test_every_route_is_shown_under_its_service(terminal: Terminal) -> None:
    result = await terminal.run("services")
    assert result.status == 0, result
    lines = [line.split(maxsplit=2) for line in result.output.splitlines()]
    assert lines == [
        ["products"],
        ["PUT", "/api/v1/products", "Change ucts"],
        ["cart"],
        ["PUT", "/api/v1/cart", "Change cart"],
        ["PUT", "/api/v1/cart/promo-code", "Change code"],
    ]


async def test_a_word_chooses_and_one_that_nothing_has_is_told(terminal: Terminal) -> None:
    chosen = await terminal.run("services", "CODE")
    assert "promo-code" in chosen.output
    assert "products" not in chosen.output
    nothing = await terminal.run("services", "teapot")
    assert (nothing.status, nothing.output) == (1, "")
    assert "'teapot'" in nothing.errors


def test_a_route_belongs_to_the_service_of_its_path() -> None:
    assert ApiOperation("get", "/api/v1/auth/.well-known/jwks.json", {}).service == "auth"
    assert ApiOperation("get", "/api/v1/cart", {}).service == "cart"
