"""Headers, streams, retries and the access log."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from tests.e2e.gateways import Gateway, StartGateway
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_the_bare_address_leads_to_the_docs_page(gateway: Gateway) -> None:
    response = await gateway.client.get("/")
    assert (response.status_code, response.headers["location"]) == (302, f"{gateway.client.base_url}/docs")


async def test_answers_carry_the_security_headers(gateway: Gateway) -> None:
    headers = (await gateway.client.get("/api/v1/products")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


async def test_the_docs_page_may_load_its_own_scripts(gateway: Gateway) -> None:
    headers = (await gateway.client.get("/docs")).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")


async def test_the_request_id_passes_both_ways_and_is_logged_without_the_token(gateway: Gateway) -> None:
    sent = {"X-Request-Id": "abc-123", "Authorization": "Bearer secret-token"}
    response = await gateway.client.get("/api/v1/cart", headers=sent)
    assert response.headers["x-request-id"] == "abc-123"
    assert response.json()["headers"]["authorization"] == "Bearer secret-token"
    await eventually(lambda: b"abc-123" in gateway.access_log.read_bytes())
    log = gateway.access_log.read_bytes()
    assert b"secret-token" not in log
    entry = next(orjson.loads(line) for line in log.splitlines() if b"abc-123" in line)
    assert entry["request_X-Request-Id"] == entry["downstream_X-Request-Id"] == "abc-123"


async def test_a_client_cannot_say_where_it_comes_from(gateway: Gateway) -> None:
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Real-Ip": "6.6.6.6", "X_Forwarded_For": "6.6.6.6"}
    seen = (await gateway.client.get("/api/v1/cart", headers=forged)).json()["headers"]
    assert "6.6.6.6" not in seen.values()
    assert seen["x-forwarded-for"] == "127.0.0.1"


async def test_long_answers_are_compressed(gateway: Gateway) -> None:
    padded = {"X-Padding": "5000", "Accept-Encoding": "gzip"}
    assert (await gateway.client.get("/api/v1/products", headers=padded)).headers[
        "content-encoding"
    ] == "gzip"


async def test_the_import_route_passes_on_what_arrives_while_the_answer_is_open(
    gateway: Gateway,
) -> None:
    asked = {"X-Stream": "yes"}
    async with gateway.client.stream("GET", "/api/v1/products/import", headers=asked) as response:
        chunks = response.aiter_text()
        assert await anext(chunks) == "data: first\n\n"
        await gateway.client.get("/api/v1/products/release")
        assert await anext(chunks) == "data: second\n\n"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_request_fails_when_a_replica_is_killed(start_gateway: StartGateway, method: str) -> None:
    gateway = await start_gateway()
    await gateway.kill("cart-1")
    answers = [await gateway.client.request(method, "/api/v1/cart") for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 10
    assert {answer.json()["replica"] for answer in answers} == {"cart-2"}


async def test_a_request_that_was_sent_is_repeated_only_when_it_is_idempotent(
    start_gateway: StartGateway,
) -> None:
    """A POST that breaks its replica spares the other. The breaker hides it for a second."""
    gateway = await start_gateway()
    response = await gateway.client.post("/api/v1/cart/die")
    assert response.status_code == 502

    async def spared() -> bool:
        return (await gateway.client.get("/api/v1/cart")).status_code == 200

    await eventually(spared)
    await gateway.client.get("/api/v1/cart/die")
    await eventually(lambda: not any(gateway.stand_ins[name].running for name in ("cart-1", "cart-2")))


@pytest.mark.parametrize("size", [0, 1000, 65_536, 65_537, 1_000_000])
async def test_a_request_that_may_be_repeated_may_have_a_large_body(gateway: Gateway, size: int) -> None:
    response = await gateway.client.put("/api/v1/cart", content=b"x" * size)
    assert (response.status_code, response.json()["size"]) == (200, size)


async def test_metrics_and_the_dashboard_are_on_the_inner_entry_point(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.internal_url) as inside:
        assert (await inside.get("/ping")).status_code == 200
        assert "traefik_entrypoint_requests_total" in (await inside.get("/metrics")).text
        assert (await inside.get("/dashboard/")).status_code == 200


async def test_a_replica_that_is_not_ready_gets_no_requests(start_gateway: StartGateway) -> None:
    gateway = await start_gateway()
    await gateway.make_unready("cart", "cart-1")
    answers = [await gateway.client.get("/api/v1/cart") for _ in range(10)]
    assert {answer.json()["replica"] for answer in answers} == {"cart-2"}


async def test_replicas_that_live_answer_when_none_is_ready(start_gateway: StartGateway) -> None:
    """Without the store none is, and they tell so themselves, and answer what needs no store."""
    gateway = await start_gateway()
    await gateway.make_unready("cart", "cart-1", "cart-2")
    answers = [await gateway.client.get("/api/v1/cart") for _ in range(10)]
    assert {answer.json()["replica"] for answer in answers} == {"cart-1", "cart-2"}


async def test_no_rsa_key_is_made_whenever_routes_or_replicas_change(gateway: Gateway) -> None:
    """The routes would wait for it, and after a start every path would be a bare 404 until then."""
    address = gateway.client.base_url
    shown = await asyncio.to_thread(ssl.get_server_certificate, (address.host, address.port or 80))
    certificate = x509.load_pem_x509_certificate(shown.encode())
    assert isinstance(certificate.public_key(), EllipticCurvePublicKey)
