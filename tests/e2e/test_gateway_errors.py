"""What the gateway answers itself is a problem document; what a service answers passes through."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from shared.http.problem import GATEWAY_PROBLEMS
from tests.e2e.gateways import Gateway, StartGateway
from tests.support.raw_http import exchange
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

BODY_LIMIT = 1_048_576


def told(response: httpx.Response) -> tuple[int, str]:
    """The status and the problem's type, of a whole problem document that the gateway made."""
    problem, headers = response.json(), response.headers
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert "x-retry-in" not in headers
    assert problem["request_id"] == headers["x-request-id"] != ""
    assert problem["status"] == response.status_code
    assert problem["instance"] == response.request.url.raw_path.decode().partition("?")[0]
    known = GATEWAY_PROBLEMS[response.status_code]
    assert (problem["title"], problem["detail"]) == (known.title, known.detail)
    assert headers.get("retry-after") == known.headers.get("Retry-After")
    return response.status_code, problem["type"].removeprefix("urn:trolley:problem:")


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
        "/gateway/problems/503",
        "/a%2Fb%5C%00%3B%25%3F%23",
        "/caf%C3%A9?q=1&url=/elsewhere",
    ],
)
async def test_an_unknown_path_is_a_404_problem(gateway: Gateway, path: str) -> None:
    assert told(await gateway.client.get(path)) == (404, "not-found")


@pytest.mark.parametrize(
    "target",
    [b"/" + b"long" * 50_000, b"/long?q=" + b"long" * 200_000, "/café?q=é".encode(), b"//nowhere"],
    ids=["long path", "long query", "not ASCII", "two slashes"],
)
async def test_an_unusual_address_is_a_404_problem(gateway: Gateway, target: bytes) -> None:
    request = b"GET " + target + b" HTTP/1.1\r\nHost: shop\r\n\r\n"
    answer = await exchange(str(gateway.client.base_url), request)
    assert (answer.status, answer.json()["type"]) == (404, "urn:trolley:problem:not-found")
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize(
    ("request_line", "more", "status"),
    [
        (b"GET /x%zz HTTP/1.1", b"", 400),
        (b"GET /a b HTTP/1.1", b"", 400),
        (b"GET / HTTP/1.1", b": nameless\r\n", 400),
        (b"GET / HTTP/1.1", b"X-Control: \x01\r\n", 400),
        (b"POST / HTTP/1.1", b"Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        (b"GET * HTTP/1.1", b"", 404),
        (b"GET / HTTP/1.1", b"Expect: cake\r\n", 417),
        (b"GET / HTTP/1.1", b"X-Long: " + b"y" * 1_100_000 + b"\r\n", 431),
        (b"CONNECT /x HTTP/1.1", b"", 501),
        (b"POST / HTTP/1.1", b"Transfer-Encoding: gzip\r\n", 501),
        (b"GET / HTTP/3.0", b"", 505),
        (b"POST /api/v1/cart/items HTTP/1.1", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 500),
    ],
    ids=lambda value: str(value[:20]) if isinstance(value, bytes) else str(value),
)
async def test_only_what_the_handbook_lists_is_refused_in_plain_text(
    gateway: Gateway, request_line: bytes, more: bytes, status: int
) -> None:
    address = gateway.client.base_url
    reader, writer = await asyncio.open_connection(address.host, address.port)
    with suppress(ConnectionError):
        writer.write(request_line + b"\r\nHost: shop\r\n" + more + b"\r\n")
        await writer.drain()
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\nx-request-id:" not in answer.lower()
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    assert re.search(rf"^\| [0-9, ]*{status}[0-9, ]* \|", page, re.MULTILINE)


async def test_a_problem_of_the_gateway_takes_up_the_request_id(gateway: Gateway) -> None:
    response = await gateway.client.get("/nowhere", headers={"X-Request-Id": "abc-123"})
    assert response.headers["x-request-id"] == "abc-123"
    response = await gateway.client.get("/nowhere", headers={"X-Request-Id": 'no "id" at all'})
    assert told(response) == (404, "not-found")
    assert '"' not in response.headers["x-request-id"]


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_a_body_over_the_limit_is_a_413_problem(gateway: Gateway, declared: bool) -> None:
    size = BODY_LIMIT + 1024
    content = b"x" * size if declared else in_pieces(size)
    answer = await gateway.client.post("/api/v1/cart/items", content=content)
    assert told(answer) == (413, "payload-too-large")


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
        ("POST", "/api/v1/auth/password", 429),
        ("POST", "/api/v1/auth/codes", 429),
        ("POST", "/api/v1/auth/email", 429),
        ("GET", "/api/v1/cart/events", 429),
    ],
)
async def test_an_error_of_a_service_passes_untouched(
    gateway: Gateway, method: str, path: str, status: int
) -> None:
    response = await gateway.client.request(method, path, headers={"X-Status": str(status)})
    assert (response.status_code, response.json()["from"]) == (status, path)
    assert response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cart",
        "/api/v1/auth/me",
        "/api/v1/products/import",
        "/api/v1/auth/login",
        "/api/v1/cart/events",
    ],
)
async def test_past_the_rate_limit_is_a_429_problem(start_gateway: StartGateway, path: str) -> None:
    gateway = await start_gateway(GATEWAY_RATE_AVERAGE="1", GATEWAY_RATE_BURST="5")
    answers = await asyncio.gather(*(gateway.client.get(path) for _ in range(20)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 10 <= len(refused) < 20
    assert told(refused[0]) == (429, "too-many-requests")


async def test_without_a_replica_it_is_a_503_problem(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    await gateway.kill("cart-1", "cart-2")

    async def refused() -> bool:
        answer = told(await gateway.client.get("/api/v1/cart"))
        if answer == (502, "bad-gateway"):
            return False  # for a second, until the health checks have noticed
        assert answer == (503, "unavailable")
        return True

    await eventually(refused)


async def test_a_replica_that_does_not_answer_in_time_is_a_502_problem(gateway: Gateway) -> None:
    """As one that broke off: clients need to know no other."""
    answer = await gateway.client.post("/api/v1/cart", headers={"X-Status": "504"})
    assert told(answer) == (502, "bad-gateway")


async def test_a_502_is_a_problem_from_the_first_one_on(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    assert told(await gateway.client.post("/api/v1/cart/die")) == (502, "bad-gateway")


async def test_no_service_is_needed_for_the_problem_pages(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    await gateway.kill(*gateway.stand_ins)
    assert told(await gateway.client.get("/nowhere")) == (404, "not-found")
    answers = [await gateway.client.get(f"/api/v1/{name}") for name in ("auth", "products", "cart")]
    assert {told(answer)[0] for answer in answers} <= {502, 503}
