"""Headers, streams, retries and the access log."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import orjson
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from shared.http.content_coding import accepts_gzip
from shared.ids import new_id
from tests.e2e.gateways import Gateway, StartGateway
from tests.support.waiting import eventually

PAGE = "http://localhost:5173"

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def _routed(gateway: Gateway) -> None:
    """Waits until the gateway takes the replicas for ready: on a busy machine its checks may come late."""

    async def is_routed() -> bool:
        return (await gateway.client.get("/api/v1/cart")).status_code == 200

    await eventually(is_routed)


async def test_the_bare_address_leads_to_the_docs_page(gateway: Gateway) -> None:
    response = await gateway.client.get("/", headers={"X-Request-Id": "abc-123"})
    assert (response.status_code, response.headers["location"]) == (302, "/docs")
    assert response.headers["x-request-id"] == "abc-123"


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
    assert (entry["RouterName"], entry["RequestMethod"], entry["DownstreamStatus"]) == (
        "cart-light@file",
        "GET",
        200,
    )
    others = {"ClientHost", "Duration", "OriginDuration", "RetryAttempts", "ServiceAddr"}
    written = {"RouterName", "RequestMethod", "DownstreamStatus", "time", "level", "msg"}
    ids = {f"{side}_X-Request-Id" for side in ("request", "origin", "downstream")}
    assert entry.keys() == others | written | ids
    assert entry["ClientHost"] == "127.0.0.1"


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/products?q=hidden@example.com&ticket=hidden",
        "/api/v1/products?hidden",
        "/api/v1/products?%zz=hidden;ticket=hidden&=hidden",
        "/api/v1/auth/login?password=hidden",
        "/api/v1/auth/users/hidden@example.com",
    ],
)
async def test_no_query_and_no_path_is_logged(gateway: Gateway, target: str) -> None:
    id = new_id()
    headers = {"X-Request-Id": id, "Referer": f"http://shop.example{target}", "Cookie": "hidden"}
    headers["User-Agent"] = headers["Authorization"] = "hidden"
    url = httpx.URL(scheme="http", host=gateway.client.base_url.host, port=gateway.client.base_url.port)
    await gateway.client.get(url.copy_with(raw_path=target.encode()), headers=headers)
    await eventually(lambda: id.encode() in gateway.access_log.read_bytes())
    [line] = [line for line in gateway.access_log.read_bytes().splitlines() if id.encode() in line]
    assert b"hidden" not in line


async def test_a_line_of_the_access_log_is_short(gateway: Gateway) -> None:
    id = new_id()
    await gateway.client.get("/api/v1/products/p1", headers={"X-Request-Id": id})
    await eventually(lambda: id.encode() in gateway.access_log.read_bytes())
    [line] = [line for line in gateway.access_log.read_bytes().splitlines() if id.encode() in line]
    assert len(line) < 500


async def test_a_client_cannot_say_where_it_comes_from(gateway: Gateway) -> None:
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Real-Ip": "6.6.6.6", "X_Forwarded_For": "6.6.6.6"}
    seen = (await gateway.client.get("/api/v1/cart", headers=forged)).json()["headers"]
    assert "6.6.6.6" not in seen.values()
    assert seen["x-forwarded-for"] == "127.0.0.1"


async def test_long_answers_are_compressed(gateway: Gateway) -> None:
    padded = {"X-Padding": "5000", "Accept-Encoding": "gzip"}
    headers = (await gateway.client.get("/api/v1/products", headers={**padded, "Origin": PAGE})).headers
    assert headers["content-encoding"] == "gzip"
    assert headers["access-control-allow-origin"] == PAGE
    assert {name.strip().lower() for name in headers["vary"].split(",")} == {"accept-encoding", "origin"}


ACCEPTED = [
    *("gzip", "GZIP", "br", "zstd, br", "br, gzip;q=0.1", "gzip, deflate", "deflate", "x-gzip", ",gzip"),
    *("*", "*;q=0", "*, gzip;q=0", "gzip;q=0", "gzip;q=0.000", "gzip; q=1", "identity;q=0, gzip", "identity"),
    *("", None),
]


@pytest.mark.parametrize("accepted", ACCEPTED)
async def test_who_gets_gzip_and_nobody_else_gets_its_tag(gateway: Gateway, accepted: str | None) -> None:
    """The gateway itself asks its replicas for gzip where the client says nothing."""
    request = gateway.client.build_request("GET", "/api/v1/products", headers={"X-Padding": "5000"})
    del request.headers["accept-encoding"]
    if accepted is not None:
        request.headers["accept-encoding"] = accepted
    answer = await gateway.client.send(request)
    raw = [(name.encode(), value.encode()) for name, value in answer.json()["lines"]]
    assert accepts_gzip(raw) == (answer.headers.get("content-encoding") == "gzip")


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


async def test_no_request_fails_when_most_replicas_are_killed(start_gateway: StartGateway) -> None:
    """A replica that failed one request is tried by no other, nor by a repeat."""
    gateway = await start_gateway(carts=4)
    await gateway.kill("cart-1", "cart-2", "cart-3")
    answers = await asyncio.gather(*(gateway.client.post("/api/v1/cart") for _ in range(50)))
    assert {(answer.status_code, answer.json().get("replica")) for answer in answers} == {(200, "cart-4")}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_request_that_is_not_idempotent_is_sent_once(
    start_gateway: StartGateway, method: str
) -> None:
    """It breaks its replica and spares the other. The breaker hides it for a second."""
    gateway = await start_gateway()
    response = await gateway.client.request(method, "/api/v1/cart/die", json={})
    assert response.status_code == 502

    async def spared() -> bool:
        return (await gateway.client.get("/api/v1/cart")).status_code == 200

    await eventually(spared)


async def test_a_request_that_its_replica_broke_off_is_repeated_with_its_whole_body(
    start_gateway: StartGateway,
) -> None:
    """On either side of the bodies that the light chain takes, and up to what is set aside for a repeat."""
    gateway = await start_gateway()
    cart_1 = gateway.stand_ins["cart-1"]

    async def has_both() -> bool:
        answers = [await gateway.client.get("/api/v1/cart") for _ in range(4)]
        return {answer.json().get("replica") for answer in answers} == {"cart-1", "cart-2"}

    for method, size in [
        ("GET", 0),
        ("DELETE", 0),
        ("DELETE", 999),
        ("PUT", 999),
        ("PUT", 1000),
        ("PUT", 65_536),
    ]:
        await cart_1.kill()
        await cart_1.start()
        await eventually(has_both)
        while cart_1.running:
            answer = await gateway.client.request(
                method, "/api/v1/cart", content=b"x" * size, headers={"X-Dies": "cart-1"}
            )
            assert answer.status_code == 200, (method, size)
            assert (answer.json()["replica"], answer.json()["size"]) == ("cart-2", size)


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
