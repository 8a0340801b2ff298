"""Pages of other origins may call the shop where they are allowed to, and can read every answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.e2e.gateways import Gateway, StartGateway

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

ROOT = Path(__file__).parents[2]
CODE = ["shared", "auth_service", "product_service", "cart_service"]
PAGE = "http://localhost:5173"
HEADER_NAME = re.compile(
    r"(?!Nats-|Trolley-|KV-)[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]+)+|ETag|Location|Allow|Prefer"
)
ALWAYS_READABLE = {"Cache-Control", "Content-Type", "Last-Modified", "Content-Length", "Content-Language"}
"""Safelisted by the Fetch standard, "CORS-safelisted response-header name"."""
NOT_FOR_PAGES = {"X-Accel-Buffering", "Vary", "Content-Security-Policy", "Content-Encoding", "Set-Cookie"}
"""Meant for what lies between, or handled by the browser itself."""
OF_NO_ANSWER = {"Add-Padding", "Auto-Submitted", "Message-ID", "WDJB-MJHT"}
"""Headers of mails and of requests that the services make, and an example of a code."""
WITHOUT_ASKING = {"accept", "accept-language", "content-language"}


def asked(origin: str, method: str = "GET", *headers: str) -> dict[str, str]:
    """A preflight's headers."""
    more = {"Access-Control-Request-Headers": ",".join(sorted(headers)).lower()} if headers else {}
    return {"Origin": origin, "Access-Control-Request-Method": method, **more}


def listed(response: httpx.Response, name: str) -> set[str]:
    return {value.strip() for value in response.headers.get(name, "").split(",") if value.strip()}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/cart", 200),
        ("GET", "/api/v1/products/health/ready", 200),
        ("POST", "/api/v1/products/import", 200),
        ("GET", "/api/v1/cart/events", 200),
        ("POST", "/api/v1/auth/login", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/docs", 200),
        ("GET", "/docs/swagger-ui.css", 200),
        ("GET", "/", 302),
        ("GET", "/nowhere", 404),
        ("GET", "/metrics", 404),
        ("GET", "/api/v1/cart/status/401", 401),
        ("GET", "/api/v1/cart/status/503", 503),
        ("DELETE", "/api/v1/nothing", 404),
    ],
)
async def test_every_answer_can_be_read(gateway: Gateway, method: str, path: str, status: int) -> None:
    response = await gateway.client.request(method, path, headers={"Origin": PAGE})
    assert (response.status_code, response.headers.get("access-control-allow-origin")) == (status, PAGE)
    assert "X-Request-Id" in listed(response, "access-control-expose-headers")
    assert "Origin" in listed(response, "vary")
    assert response.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize("path", ["/api/v1/auth/refresh", "/api/v1/auth/login", "/api/v1/cart", "/docs"])
async def test_a_listed_page_may_send_its_cookie(gateway: Gateway, path: str) -> None:
    """The Fetch standard takes neither `*` nor another origin for a request with credentials."""
    for response in (
        await gateway.client.options(path, headers=asked(PAGE, "POST", "Content-Type")),
        await gateway.client.post(path, headers={"Origin": PAGE, "Cookie": "__Host-trolley-refresh=x"}),
    ):
        assert response.headers.get_list("access-control-allow-origin") == [PAGE]
        assert response.headers.get_list("access-control-allow-credentials") == ["true"]
        assert "*" not in response.headers.get("access-control-allow-headers", "")
        assert "*" not in response.headers.get("access-control-expose-headers", "")


@pytest.mark.parametrize("origins", ["*", " * ,https://shop.example", "https://shop.example,*"])
async def test_if_any_page_may_call_none_may_send_a_cookie(start_gateway: StartGateway, origins: str) -> None:
    gateway = await start_gateway(GATEWAY_CORS_ORIGINS=origins)
    for origin in ("https://evil.example", "https://shop.example"):
        response = await gateway.client.get("/api/v1/cart", headers={"Origin": origin})
        assert response.headers["access-control-allow-origin"] in {"*", origin}
        assert "access-control-allow-credentials" not in response.headers


async def test_a_body_that_is_too_large_can_be_read_about(gateway: Gateway) -> None:
    response = await gateway.client.post("/api/v1/cart", content=b"x" * 2_000_000, headers={"Origin": PAGE})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (413, PAGE)


@pytest.mark.parametrize("path", ["/api/v1/cart", "/api/v1/auth/login", "/api/v1/cart/events", "/docs"])
async def test_the_rate_limit_can_be_read_about(start_gateway: StartGateway, path: str) -> None:
    gateway = await start_gateway(GATEWAY_RATE_AVERAGE="1", GATEWAY_RATE_BURST="1")
    answers = [await gateway.client.get(path, headers={"Origin": PAGE}) for _ in range(4)]
    assert 429 in {answer.status_code for answer in answers}
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {PAGE}


async def test_a_service_that_is_away_can_be_read_about(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    await gateway.kill(*gateway.stand_ins)
    for path in ("/api/v1/cart", "/api/v1/cart/events", "/api/v1/auth/login"):
        response = await gateway.client.get(path, headers={"Origin": PAGE})
        assert response.status_code in (502, 503)
        assert response.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/cart", "/api/v1/auth/login", "/openapi.json", "/nowhere", "/"])
async def test_a_preflight_is_answered_on_every_path(gateway: Gateway, method: str, path: str) -> None:
    response = await gateway.client.options(path, headers=asked(PAGE, method, "Authorization", "traceparent"))
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, PAGE)
    assert method in listed(response, "access-control-allow-methods")
    assert int(response.headers["access-control-max-age"]) > 0


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://localhost:3000", "http://localhost:65535", "http://127.0.0.1:8080"]
)
async def test_pages_of_this_machine_may_call_by_default(gateway: Gateway, origin: str) -> None:
    response = await gateway.client.options("/api/v1/cart", headers=asked(origin))
    assert response.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost:3000",
        "http://localhost.evil.example",
        "http://localhost.evil.example:3000",
        "http://localhost:3000.evil.example",
        "http://localhost:1@evil",
        "http://localhost:@evil:1",
        "http://localhost:",
        "http://localhost:123456",
        "http://localhost:3000/",
        "http://xlocalhost:3",
        "xhttp://localhost:3",
        "http://LOCALHOST:3",
        "http://127.0.0.1.evil.example",
        "http://127x0.0.1:3000",
        "http://127.0.0.11:3000",
        "http://localhost:3000 http://evil.example",
        "null",
        "*",
    ],
)
async def test_no_other_origin_may_call_by_default(gateway: Gateway, origin: str) -> None:
    for response in (
        await gateway.client.options("/api/v1/cart", headers=asked(origin)),
        await gateway.client.get("/api/v1/cart", headers={"Origin": origin}),
    ):
        assert "access-control-allow-origin" not in response.headers
        assert response.request.method == "OPTIONS" or "Origin" in listed(response, "vary")


async def test_listed_origins_may_call_and_no_others(start_gateway: StartGateway) -> None:
    listed_ones = "https://shop.example, https://admin.example:8443 ,http://192.168.1.7:*"
    gateway = await start_gateway(GATEWAY_CORS_ORIGINS=listed_ones)
    for origin, is_allowed in [
        ("https://shop.example", True),
        ("https://admin.example:8443", True),
        ("http://192.168.1.7:9000", True),
        ("https://shop.example:8443", False),
        ("https://shopxexample", False),
        ("https://evil.example", False),
        ("http://localhost:3000", False),
    ]:
        response = await gateway.client.options("/api/v1/cart", headers=asked(origin))
        assert response.headers.get("access-control-allow-origin") == (origin if is_allowed else None)


async def test_an_empty_setting_allows_no_origin(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(GATEWAY_CORS_ORIGINS="")
    response = await gateway.client.get("/api/v1/cart", headers={"Origin": PAGE})
    assert "access-control-allow-origin" not in response.headers


async def test_a_page_may_send_every_header_that_the_document_names(gateway: Gateway) -> None:
    headers = {"Authorization", "Content-Type", "X-Request-Id", "traceparent", "tracestate", *headers_read()}
    response = await gateway.client.options("/api/v1/cart", headers=asked(PAGE, "PATCH", *headers))
    allowed = {name.lower() for name in listed(response, "access-control-allow-headers")}
    assert {name.lower() for name in headers} - WITHOUT_ASKING <= allowed


async def test_a_page_can_read_every_header_that_the_services_write(gateway: Gateway) -> None:
    response = await gateway.client.get("/api/v1/cart", headers={"Origin": PAGE})
    written = set(headers_named()) - set(headers_read()) - ALWAYS_READABLE - NOT_FOR_PAGES
    assert {"ETag", "Location", "Retry-After", "WWW-Authenticate", "Allow"} <= written
    assert written <= listed(response, "access-control-expose-headers")


async def test_no_header_that_the_code_names_is_forgotten(gateway: Gateway) -> None:
    preflight = await gateway.client.options("/api/v1/cart", headers=asked(PAGE))
    response = await gateway.client.get("/api/v1/cart", headers={"Origin": PAGE})
    known = listed(preflight, "access-control-allow-headers") | NOT_FOR_PAGES | ALWAYS_READABLE
    known |= listed(response, "access-control-expose-headers")
    assert set(headers_named()) <= known


def parameters() -> Iterator[dict[str, Any]]:
    """Those of all the document's operations, with every reference followed."""
    document = orjson.loads((ROOT / "shared" / "http" / "openapi.json").read_bytes())

    def follow(node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            found = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node

    for item in document["paths"].values():
        for operation in item.values():
            yield from (follow(parameter) for parameter in operation.get("parameters", ()))


def headers_read() -> Iterator[str]:
    yield from (it["name"] for it in parameters() if it["in"] == "header")


def headers_named() -> Iterator[str]:
    """Texts in the services' code that look like names of headers."""
    for path in (path for folder in CODE for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and HEADER_NAME.fullmatch(text) and text not in OF_NO_ANSWER:
                yield text
