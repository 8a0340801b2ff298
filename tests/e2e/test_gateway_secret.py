"""The secret by which auth_service knows the gateway."""

from __future__ import annotations

import httpx
import pytest

from auth_service.settings import AuthSettings
from tests.e2e.gateways import StartGateway

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SECRET = 'made-for-this-gateway-alone "quoted"'


@pytest.mark.parametrize(
    ("method", "path", "size"),
    [
        ("GET", "me", 0),
        ("POST", "refresh", 20),
        ("POST", "login", 20),
        ("PATCH", "me", 100_000),
        ("DELETE", "me", 0),
    ],
)
async def test_auth_hears_the_gateways_secret_and_not_a_clients(
    start_gateway: StartGateway, method: str, path: str, size: int
) -> None:
    gateway = await start_gateway(GATEWAY_SECRET=SECRET)
    forged = {"X-Gateway-Secret": "forged", "X-Forwarded-For": "203.0.113.9", "X_Gateway_Secret": "forged"}
    answer = await gateway.client.request(method, f"/api/v1/auth/{path}", content=b"x" * size, headers=forged)
    lines = {value for name, value in answer.json()["lines"] if "gateway" in name}
    assert lines == {SECRET}
    assert answer.json()["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert SECRET not in str(answer.headers)


async def test_other_services_and_pages_inside_do_not_hear_it(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(GATEWAY_SECRET=SECRET)
    marker = "made-for-this-gateway-alone"
    for path in ("/api/v1/cart", "/api/v1/products", "/docs"):
        answer = await gateway.client.get(path)
        assert answer.status_code == 200
        assert marker not in answer.text
    async with httpx.AsyncClient(base_url=gateway.internal_url) as inside:
        for path in ("http/middlewares", "http/middlewares/gateway-secret@file", "rawdata", "support-dump"):
            assert (await inside.get(f"/api/{path}")).status_code == 404
        for path in (
            "overview",
            "version",
            "entrypoints",
            "http/routers",
            "http/services",
            "http/routers/auth@file",
        ):
            answer = await inside.get(f"/api/{path}")
            assert answer.status_code == 200
            assert marker not in answer.text
        assert (await inside.get("/dashboard/")).status_code == 200
    assert marker not in gateway.access_log.read_text()


async def test_without_a_secret_the_gateway_takes_the_one_that_auth_expects(
    start_gateway: StartGateway,
) -> None:
    gateway = await start_gateway(GATEWAY_SECRET="")
    answer = await gateway.client.get("/api/v1/auth/me")
    expected = AuthSettings.model_fields["gateway_secret"].default.get_secret_value()
    assert answer.json()["headers"]["x-gateway-secret"] == expected
