"""Request bodies that are compressed."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

PREFIX = "/api/v1/demo"
GZIP = {"Content-Encoding": "gzip"}
JSON = {"Content-Type": "application/json"}
MIB = 1_048_576


def packed(data: bytes, level: int = 9) -> bytes:
    return gzip.compress(data, level, mtime=0)  # the same in every process that collects these tests


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


async def sent_in(data: bytes, size: int) -> AsyncIterator[bytes]:
    for piece in pieces(data, size):
        yield piece


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "identity, gzip", " gzip ,"])
async def test_gzip_is_decoded(client: httpx.AsyncClient, coding: str) -> None:
    body = packed(b'{"items": [{"product_id": "p", "quantity": 2}]}')
    answer = await client.post(PREFIX, content=body, headers={**JSON, "Content-Encoding": coding})
    assert (answer.status_code, answer.json()["lines"]) == (201, 1)


@pytest.mark.parametrize("coding", ["", "identity", "Identity, identity"])
async def test_a_body_without_coding_is_taken_as_it_is(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.post(PREFIX, content=b'{"items": []}', headers={**JSON, "Content-Encoding": coding})
    assert answer.status_code == 201


async def test_another_coding_is_refused(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for coding in ["br", "deflate", "zstd", "gzip, gzip", "br, gzip", "*", "gzip;q=1", "x" * 9999]:
        for path in ["", "/import", "/form"]:
            with subtests.test(coding=coding, path=path):
                answer = await client.post(
                    f"{PREFIX}{path}", content=b"{}", headers={**JSON, "Content-Encoding": coding}
                )
                assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")
                assert answer.json()["type"] == "urn:trolley:problem:unsupported-media-type"


async def test_codings_on_several_lines_are_one_list(client: httpx.AsyncClient) -> None:
    lines = [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Encoding", "br")]
    assert (await client.post(PREFIX, content=b"{}", headers=lines)).status_code == 415


async def test_a_form_may_be_compressed(client: httpx.AsyncClient) -> None:
    headers = {**GZIP, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post(f"{PREFIX}/form", content=packed(b"name=Ada"), headers=headers)
    assert answer.json() == "Ada"


async def test_the_members_of_a_gzip_file_are_read_in_turn(client: httpx.AsyncClient) -> None:
    members = b"".join(packed(text) for text in (b"one", b"", b"two", b"three"))
    for size in (1, 7, len(members)):
        answer = await client.put(PREFIX, content=sent_in(members, size), headers=GZIP)
        assert answer.json() == {"bytes": len(b"onetwothree")}


@pytest.mark.parametrize("size", [1, 1000, 65_535, 65_536, 65_537, MIB])
async def test_a_body_arrives_whole_however_it_is_cut(client: httpx.AsyncClient, size: int) -> None:
    body = packed(bytes(index % 251 for index in range(size)), 1)
    for cut in (509, len(body)):
        answer = await client.put(PREFIX, content=sent_in(body, cut), headers=GZIP)
        assert answer.json() == {"bytes": size}


@pytest.mark.parametrize(
    "body",
    [
        packed(b"x" * 1000)[:-1],
        packed(b"x" * 1000)[:-8],
        packed(b"x" * 1000)[:12],
        packed(b"one") + packed(b"two")[:-3],
        packed(b"one") + b"rubbish",
        b"plain text",
        b"\x1f",
        packed(b"x" * 1000)[:-5] + b"\x00" * 5,
    ],
)
async def test_what_is_not_whole_gzip_is_malformed(client: httpx.AsyncClient, body: bytes) -> None:
    for content in (body, sent_in(body, 5)):
        answer = await client.put(PREFIX, content=content, headers=GZIP)
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:trolley:problem:malformed-request"


async def test_the_limit_holds_for_what_a_body_inflates_to(client: httpx.AsyncClient) -> None:
    fits, too_large = (packed(b"x" * size) for size in (MIB, MIB + 1))
    assert (await client.put(PREFIX, content=fits, headers=GZIP)).json() == {"bytes": MIB}
    assert (await client.put(PREFIX, content=too_large, headers=GZIP)).status_code == 413


async def test_a_bomb_is_never_inflated_whole(client: httpx.AsyncClient) -> None:
    bomb = packed(bytes(256 * MIB), 9)
    tracemalloc.start()
    try:
        answer = await client.put(PREFIX, content=bomb, headers=GZIP)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 413
    assert peak < 8 * MIB


async def test_an_empty_body_needs_no_coding(client: httpx.AsyncClient) -> None:
    assert (await client.put(PREFIX, headers={**GZIP, "Content-Length": "0"})).json() == {"bytes": 0}
