"""Requests that no client library sends, through the gateway to the real services."""

from __future__ import annotations

import pytest

from tests.e2e.shops import Shop
from tests.support.raw_http import RawAnswer, exchange

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

END = b" HTTP/1.1\r\nHost: shop\r\nX-Request-Id: abc-123\r\nConnection: close\r\n"


async def ask(shop: Shop, target: str | bytes, more: bytes = b"", method: bytes = b"GET") -> RawAnswer:
    raw = target.encode() if isinstance(target, str) else target
    return await exchange(str(shop.client.base_url), method + b" " + raw + END + more + b"\r\n")


def told(answer: RawAnswer) -> tuple[int, str]:
    """The status and the problem's type, of a whole problem document with the client's request id."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["x-request-id"] == "abc-123"
    assert problem["status"] == answer.status
    return answer.status, problem["type"].removeprefix("urn:trolley:problem:")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/api/v1/products/a%2Fb", (404, "not-found")),
        ("/api/v1/products/a%2fb", (404, "not-found")),
        ("/api/v1/products/a%00b", (400, "malformed-request")),
        ("/api/v1/products/%2F..%2Fauth%2Flogin", (404, "not-found")),
        ("/api/v1/auth/login%2F", (404, "not-found")),
        ("/api/v1/auth%2Flogin", (404, "not-found")),
        ("/api/v1/cart/%2e%2e%2fproducts", (404, "not-found")),
        ("/metrics%2F", (404, "not-found")),
        ("/docs%2Fswagger-ui.css", (404, "not-found")),
    ],
)
async def test_an_encoded_slash_or_null_is_refused_by_a_problem(
    shop: Shop, target: str, expected: tuple[int, str]
) -> None:
    assert told(await ask(shop, target)) == expected


@pytest.mark.parametrize("encoded", ["%5C", "%3B", "%25", "%3F", "%23", "%0A", "%7F", "%C3%A9", "%E9", "é"])
@pytest.mark.parametrize("path", ["/api/v1/products/a", "/api/v1/nothing/a", "/nowhere/a"])
async def test_an_encoded_character_is_a_part_of_the_name(shop: Shop, path: str, encoded: str) -> None:
    status, type = told(await ask(shop, f"{path}{encoded}b"))
    assert (status, type) in {(404, "not-found"), (404, "product-not-found"), (422, "invalid-input")}


@pytest.mark.parametrize("words", ["café", "日本", "naïve ☕".replace(" ", "+")])
async def test_a_search_may_be_sent_as_it_is_typed(shop: Shop, words: str) -> None:
    raw = await ask(shop, f"/api/v1/products?q={words}")
    encoded = await shop.client.get("/api/v1/products", params={"q": words.replace("+", " ")})
    assert raw.status == 200
    assert raw.json()["total"] == encoded.json()["total"]
    assert raw.headers["x-request-id"] == "abc-123"


@pytest.mark.parametrize(
    "target", ["/api/v1/products?q=", "/api/v1/products/", "/api/v1/cart?x=", "/docs?x="]
)
async def test_a_long_request_line_is_a_problem(shop: Shop, target: str) -> None:
    assert told(await ask(shop, target + "y" * 66_000)) == (414, "uri-too-long")


async def test_a_large_head_is_a_problem(shop: Shop) -> None:
    answer = await ask(shop, "/api/v1/products", b"X-Long: " + b"y" * 900_000 + b"\r\n")
    assert told(answer) == (431, "request-header-fields-too-large")


@pytest.mark.parametrize("method", [b"TRACE", b"OPTIONS"])
@pytest.mark.parametrize("path", ["/api/v1/cart", "/nowhere"])
async def test_a_method_that_is_not_possible_is_a_problem(shop: Shop, method: bytes, path: str) -> None:
    assert told(await ask(shop, path, method=method))[0] in (404, 405)


async def test_an_unknown_method_is_a_problem(shop: Shop) -> None:
    answer = await ask(shop, "/api/v1/cart", method=b"FOO")
    assert (answer.status, answer.json()["type"]) == (501, "urn:trolley:problem:method-not-implemented")
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
