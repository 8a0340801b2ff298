"""The limits of a replica's load."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.http.admission import FREE_BYTES
from tests.shared.http.demo import DemoSettings, create_app
from tests.support.apps import serving
from tests.support.waiting import eventually

PREFIX = "/api/v1/demo"
MIB = 2**20


@pytest.fixture
async def small(settings: DemoSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A service of 16 requests and 1 MiB behind a socket."""
    limits = {"http_requests_limit": 16, "http_held_bytes": MIB, "http_body_limit_bytes": MIB}
    app = create_app(settings.model_copy(update=limits))
    async with serving(app) as client:
        yield client
        app.state.runtime.draining.set()


def assert_too_busy(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:trolley:problem:too-busy"
    assert int(answer.headers["retry-after"]) >= 1


async def status_of(client: httpx.AsyncClient, **parameters: int) -> int:
    return (await client.get(f"{PREFIX}/large", params=parameters)).status_code


class Upload:
    """A body that stops after its first bytes until it may go on."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.goes_on = asyncio.Event()
        self.has_begun = asyncio.Event()

    async def body(self) -> AsyncIterator[bytes]:
        for _ in range(self.first // 1024):
            yield b"x" * 1024
        self.has_begun.set()
        await self.goes_on.wait()
        yield b"x"


async def test_one_request_too_many_is_refused_and_health_checks_never_are(small: httpx.AsyncClient) -> None:
    waiting = [asyncio.create_task(small.get(f"{PREFIX}/slow")) for _ in range(16)]

    async def is_full() -> bool:
        return (await small.get(PREFIX)).status_code == 503

    await eventually(is_full)
    assert_too_busy(await small.get(PREFIX))
    for check in ("live", "ready", "started"):
        assert (await small.get(f"{PREFIX}/health/{check}")).status_code == 200
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_bodies_share_so_many_bytes_and_small_ones_are_not_counted(small: httpx.AsyncClient) -> None:
    upload = Upload(first=MIB - 1024)
    first = asyncio.create_task(small.put(PREFIX, content=upload.body()))
    await upload.has_begun.wait()

    async def is_full() -> bool:
        return (await small.put(PREFIX, content=b"x" * 100_000)).status_code == 503

    await eventually(is_full)
    assert_too_busy(await small.put(PREFIX, content=b"x" * 100_000))
    assert (await small.put(PREFIX, content=b"x" * FREE_BYTES)).status_code == 200
    assert (await small.get(f"{PREFIX}/health/ready")).status_code == 200
    upload.goes_on.set()
    assert (await first).json() == {"bytes": MIB - 1023}
    assert (await small.put(PREFIX, content=b"x" * MIB)).json() == {"bytes": MIB}


async def test_a_body_in_gzip_counts_as_what_it_inflates_to(small: httpx.AsyncClient) -> None:
    upload = Upload(first=MIB - 1024)
    first = asyncio.create_task(small.put(PREFIX, content=upload.body()))
    await upload.has_begun.wait()
    body, headers = gzip.compress(b"x" * 100_000), {"Content-Encoding": "gzip"}

    async def is_full() -> bool:
        return (await small.put(PREFIX, content=body, headers=headers)).status_code == 503

    await eventually(is_full)
    upload.goes_on.set()
    await first
    assert (await small.put(PREFIX, content=body, headers=headers)).json() == {"bytes": 100_000}


async def test_what_is_read_as_a_stream_is_not_held(small: httpx.AsyncClient) -> None:
    uploads = [Upload(first=MIB) for _ in range(3)]
    sent = [asyncio.create_task(small.post(f"{PREFIX}/import", content=one.body())) for one in uploads]
    for upload in uploads:
        await upload.has_begun.wait()
        upload.goes_on.set()
    assert [answer.json() for answer in await asyncio.gather(*sent)] == [{"bytes": MIB + 1}] * 3


async def test_large_answers_are_held_until_their_clients_have_taken_them(small: httpx.AsyncClient) -> None:
    large = {"size": 32 * MIB}  # more than sockets take
    async with small.stream("GET", f"{PREFIX}/large", params=large) as slow:
        assert_too_busy(await small.get(f"{PREFIX}/large", params={"size": 100_000}))
        assert await status_of(small, size=60_000) == 200
        assert len(await slow.aread()) == 32 * MIB
    await eventually(lambda: has_room(small))


async def test_a_client_that_leaves_a_large_answer_frees_its_memory(small: httpx.AsyncClient) -> None:
    async with small.stream("GET", f"{PREFIX}/large", params={"size": 32 * MIB}):
        assert await status_of(small, size=100_000) == 503
    await eventually(lambda: has_room(small))


async def has_room(small: httpx.AsyncClient) -> bool:
    return await status_of(small, size=100_000) == 200


async def test_a_large_head_is_held_too(small: httpx.AsyncClient) -> None:
    upload = Upload(first=MIB - 1024)
    first = asyncio.create_task(small.put(PREFIX, content=upload.body()))
    await upload.has_begun.wait()

    async def is_full() -> bool:
        return (await small.get(PREFIX, headers={"X-Note": "x" * 30_000})).status_code == 503

    await eventually(is_full)
    assert (await small.get(PREFIX, headers={"X-Note": "x" * 10_000})).status_code == 200
    upload.goes_on.set()
    await first
