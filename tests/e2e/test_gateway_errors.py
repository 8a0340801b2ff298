"""What the gateway answers itself is a problem document; what a service answers passes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import unquote

import httpx
import pytest

from tests.e2e.gateways import Gateway, StartGateway
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

BODY_LIMIT = 1_048_576


def page(response: httpx.Response) -> tuple[int, str, str]:
    return response.status_code, response.headers["content-type"], response.json()["from"]


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/metrics",
        "/dashboard/",
        "/api/rawdata",
        "/ping",
        "/api/v1/cartoon",
        "/gateway/problems/404",
    ],
)
async def test_an_unknown_path_is_a_404_problem(gateway: Gateway, path: str) -> None:
    response = await gateway.client.get(path)
    assert path in unquote(response.json()["query"])
    assert page(response) == (404, "application/problem+json", "/gateway/problems/404")


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_a_body_over_the_limit_is_a_413_problem(gateway: Gateway, declared: bool) -> None:
    size = BODY_LIMIT + 1024
    content = b"x" * size if declared else in_pieces(size)
    answer = page(await gateway.client.post("/api/v1/cart/items", content=content))
    assert answer == (413, "application/problem+json", "/gateway/problems/413")


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_who_announces_little_and_sends_much_is_refused(gateway: Gateway, method: str) -> None:
    """Chunks count where both are told (RFC 9112, section 6.3), and a small length leads past the buffer."""
    address = gateway.client.base_url
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = f"{method} /api/v1/cart/items HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 5\r\n"
    writer.write(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"%x\r\n%b\r\n" % (65_536, b"x" * 65_536)
    with suppress(ConnectionError):
        for _ in range(BODY_LIMIT // 65_536 + 1):
            writer.write(chunk)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
    answer = await reader.read(100)
    writer.close()
    assert b" 413 " in answer or b" 400 " in answer


async def test_a_body_at_the_limit_passes(gateway: Gateway) -> None:
    response = await gateway.client.post("/api/v1/cart/items", content=b"x" * BODY_LIMIT)
    assert (response.status_code, response.json()["size"]) == (200, BODY_LIMIT)


async def test_the_import_route_takes_any_size(gateway: Gateway) -> None:
    response = await gateway.client.post("/api/v1/products/import", content=in_pieces(4 * BODY_LIMIT))
    assert (response.status_code, response.json()["size"]) == (200, 4 * BODY_LIMIT)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/cart", 503),
        ("GET", "/api/v1/products/p1", 404),
        ("POST", "/api/v1/products/import", 413),
        ("POST", "/api/v1/auth/login", 429),
        ("DELETE", "/api/v1/auth/me", 429),
        ("GET", "/api/v1/cart/events", 429),
    ],
)
async def test_an_error_of_a_service_passes_untouched(
    gateway: Gateway, method: str, path: str, status: int
) -> None:
    response = await gateway.client.request(method, path, headers={"X-Status": str(status)})
    assert page(response) == (status, "application/problem+json", path)
    assert response.headers["retry-after"] == "7"


@pytest.mark.parametrize("path", ["/api/v1/cart", "/api/v1/auth/me", "/api/v1/products/import"])
async def test_past_the_rate_limit_is_a_429_problem(start_gateway: StartGateway, path: str) -> None:
    gateway = await start_gateway(GATEWAY_RATE_AVERAGE="1", GATEWAY_RATE_BURST="5")
    answers = await asyncio.gather(*(gateway.client.get(path) for _ in range(20)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 10 <= len(refused) < 20
    assert page(refused[0]) == (429, "application/problem+json", "/gateway/problems/429")


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/cart/events"])
async def test_where_a_service_counts_itself_the_rate_limit_only_says_when_to_come_back(
    start_gateway: StartGateway, path: str
) -> None:
    gateway = await start_gateway(GATEWAY_RATE_AVERAGE="1", GATEWAY_RATE_BURST="1")
    answers = await asyncio.gather(*(gateway.client.get(path) for _ in range(10)))
    assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 429} == {"1"}


async def test_without_a_replica_it_is_a_503_problem(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    await gateway.kill("cart-1", "cart-2")

    async def refused() -> bool:
        response = await gateway.client.get("/api/v1/cart")
        if response.status_code == 502 or "content-type" not in response.headers:
            return False  # for a second, until the health checks have noticed
        assert page(response) == (503, "application/problem+json", "/gateway/problems/503")
        return True

    await eventually(refused, 15)


async def test_one_living_service_is_enough_for_the_problem_pages(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    await gateway.kill("auth-1", "products-1", "cart-1")

    async def told() -> bool:
        response = await gateway.client.get("/nowhere")
        return response.headers.get("content-type") == "application/problem+json"

    await eventually(told, 15)
