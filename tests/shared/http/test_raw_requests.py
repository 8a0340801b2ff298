"""Requests that no client library sends: each is read, or refused by a problem document."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.support.raw_http import RawAnswer, exchange

PREFIX = "/api/v1/demo"
END = b" HTTP/1.1\r\nHost: shop\r\nX-Request-Id: abc-123\r\n\r\n"


def problem_of(answer: RawAnswer) -> tuple[int, str]:
    """The status and the problem's type, of a whole problem document."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["status"] == answer.status
    return answer.status, problem["type"].removeprefix("urn:trolley:problem:")


async def ask(remote: httpx.AsyncClient, target: bytes, end: bytes = END) -> RawAnswer:
    return await exchange(str(remote.base_url), b"GET " + PREFIX.encode() + target + end)


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("/words/a?q=café", ["a", "café"]),
        ("/words/café?q=b", ["café", "b"]),
        ("/words/a?q=😀", ["a", "😀"]),
        ("/words/a;b%25%3F%23%3B%5C?q=%26", ["a;b%?#;\\", "&"]),
        ("/words/%2e%2e", ["..", ""]),
    ],
)
async def test_text_outside_ascii_is_read_as_if_it_were_encoded(
    remote: httpx.AsyncClient, target: str, meant: list[str]
) -> None:
    answer = await ask(remote, target.encode())
    assert (answer.status, answer.json()) == (200, meant)
    assert answer.headers["x-request-id"] == "abc-123"


async def test_a_request_line_may_come_in_pieces(remote: httpx.AsyncClient) -> None:
    reader, writer = await asyncio.open_connection(remote.base_url.host, remote.base_url.port)
    body = "käse".encode()
    pieces = [
        f"GET {PREFIX}/words/ca".encode(),
        "fé?q=".encode() + b"\xc3",
        b"\xa9 HTTP/1.1\r\nHost: shop\r\nX-Name: ",
        "é\r\n\r\n".encode(),
        f"PUT {PREFIX} HTTP/1.1\r\nHost: shop\r\nContent-Length: {len(body)}\r\n\r\n".encode(),
        body,
        f"GET {PREFIX}/words/x?q=é HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode(),
    ]
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0.01)  # on a slow machine some of them arrive together, which is as good
    answer = (await reader.read()).decode()
    writer.close()
    bodies = [part.rpartition("\r\n\r\n")[2] for part in answer.split("HTTP/1.1 ")[1:]]
    assert bodies == ['["café","é"]', f'{{"bytes":{len(body)}}}', '["x","é"]']


@pytest.mark.parametrize("encoded", ["%2F", "%2f"])
@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
async def test_a_path_that_could_be_read_as_another_is_not_found(
    remote: httpx.AsyncClient, method: str, encoded: str
) -> None:
    target = f"{method} {PREFIX}/words/a{encoded}b".encode()
    answer = await exchange(str(remote.base_url), target + END)
    assert problem_of(answer) == (404, "not-found")
    assert answer.json()["instance"] == f"{PREFIX}/words/a{encoded}b"


@pytest.mark.parametrize("target", [b"/words/a%00", b"/words/%00?q=1"])
async def test_a_null_character_is_malformed(remote: httpx.AsyncClient, target: bytes) -> None:
    assert problem_of(await ask(remote, target)) == (400, "malformed-request")


@pytest.mark.parametrize("size", [32_769, 65_536, 66_000, 300_000])
@pytest.mark.parametrize("target", [b"/words/", b"/words/x?q="], ids=["path", "query"])
async def test_an_address_that_is_too_long_is_a_414_problem(
    remote: httpx.AsyncClient, target: bytes, size: int
) -> None:
    longer = target + b"y" * (size - len(PREFIX) - len(target) + 1)
    answer = await ask(remote, longer)
    assert problem_of(answer) == (414, "uri-too-long")
    assert answer.headers["x-request-id"] == "abc-123"


@pytest.mark.parametrize("target", [b"/words/", b"/words/x?q="], ids=["path", "query"])
async def test_an_address_at_the_limit_is_read(remote: httpx.AsyncClient, target: bytes) -> None:
    longest = target + b"y" * (32_768 - len(PREFIX) - len(target) + target.count(b"?"))
    assert (await ask(remote, longest)).status == 200


@pytest.mark.parametrize(
    "head",
    [b"X-Long: " + b"y" * 70_000, b"X-Long: " + b"y" * 1_000_000, b"\r\n".join([b"X-Many: abcdef"] * 6000)],
    ids=["one", "a large one", "many"],
)
async def test_a_head_that_is_too_large_is_a_431_problem(remote: httpx.AsyncClient, head: bytes) -> None:
    answer = await ask(remote, b"/words/a", b" HTTP/1.1\r\nX-Request-Id: abc-123\r\n" + head + b"\r\n\r\n")
    assert problem_of(answer) == (431, "request-header-fields-too-large")
    assert answer.headers["x-request-id"] == "abc-123"


async def test_a_head_of_usual_size_is_read(remote: httpx.AsyncClient) -> None:
    head = b" HTTP/1.1\r\nHost: shop\r\nX-Long: " + b"y" * 30_000 + b"\r\n\r\n"
    assert (await ask(remote, b"/words/a", head)).status == 200


async def test_a_client_that_never_ends_its_head_is_left(remote: httpx.AsyncClient) -> None:
    endless = b"GET / HTTP/1.1\r\nX-Long: " + b"y" * (64 << 20)
    with pytest.raises(ConnectionError):
        await send_slowly(remote, endless)


async def send_slowly(remote: httpx.AsyncClient, data: bytes) -> None:
    _, writer = await asyncio.open_connection(remote.base_url.host, remote.base_url.port)
    for start in range(0, len(data), 65_536):
        writer.write(data[start : start + 65_536])
        await writer.drain()
        await asyncio.sleep(0)
    writer.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /\x01 HTTP/1.1\r\n\r\n",
        b"GET http://x:99999/y HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_http_is_a_400_problem(remote: httpx.AsyncClient, request_bytes: bytes) -> None:
    answer = await exchange(str(remote.base_url), request_bytes)
    assert problem_of(answer) == (400, "malformed-request")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("method", ["FOO", "get", "Get", "GETT", "X", "G%T", "A" * 64])
async def test_a_method_that_nobody_knows_is_a_501_problem(remote: httpx.AsyncClient, method: str) -> None:
    target = f"{PREFIX}/words/a?q=b"
    answer = await exchange(str(remote.base_url), f"{method} {target}".encode() + END)
    assert problem_of(answer) == (501, "method-not-implemented")
    assert method in answer.json()["detail"]
    assert answer.json()["instance"] == target.partition("?")[0]
    assert answer.headers["x-request-id"] == "abc-123"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("method", ["PURGE", "PROPFIND", "M-SEARCH", "TRACE", "QUERY", "LINK"])
async def test_a_method_that_others_have_is_a_405_problem(remote: httpx.AsyncClient, method: str) -> None:
    answer = await exchange(str(remote.base_url), f"{method} {PREFIX}/words/a".encode() + END)
    assert problem_of(answer) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"FOO / HTTP/9.9" + END[9:],
        b"FOO" + END,
        b"F(O / HTTP/1.1\r\n\r\n",
        b"A" * 65 + b" /" + END,
        b"GET / HTTP/1.1\r\nno colon\r\n\r\nFOO /" + END,
    ],
)
async def test_nonsense_around_an_unknown_method_is_malformed(
    remote: httpx.AsyncClient, request_bytes: bytes
) -> None:
    assert problem_of(await exchange(str(remote.base_url), request_bytes)) == (400, "malformed-request")
