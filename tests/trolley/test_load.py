"""Load on one route, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from starlette.responses import StreamingResponse

from tests.support.apps import serving
from trolley.load import LoadPlan, LoadResult, run
from trolley.local.ports import free_port


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"x" * 1000


app = FastAPI()
seen: list[tuple[str, bytes]] = []


@app.api_route("/plain", methods=["GET", "POST", "HEAD"])
async def plain(request: Request) -> Response:
    seen.append((request.headers.get("x-who", ""), await request.body()))
    return Response("hello")


app.add_api_route("/chunked", lambda: StreamingResponse(chunks()))
app.add_api_route("/closed", lambda: Response("bye", headers={"Connection": "close"}))
app.add_api_route("/nothing", lambda: Response(status_code=204))
app.add_api_route("/broken", lambda: Response(status_code=503))


@app.get("/never")
async def never() -> None:
    await asyncio.Event().wait()


@pytest.fixture
async def base_url() -> AsyncIterator[str]:
    async with serving(app, wait_ready=False) as client:
        yield str(client.base_url).rstrip("/")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/plain", 200), ("/chunked", 200), ("/closed", 200), ("/nothing", 204), ("/broken", 503), ("/no", 404)],
)
async def test_every_kind_of_answer_is_counted(base_url: str, path: str, status: int) -> None:
    outcome = await run(LoadPlan(httpx.Request("GET", base_url + path), 3, 60, requests=20))
    assert (outcome.statuses, outcome.failures) == ({status: 20}, {})
    assert outcome.answers == 20
    assert outcome.per_second > 0


@pytest.mark.parametrize("method", ["POST", "HEAD"])
async def test_the_request_is_sent_as_it_is(base_url: str, method: str) -> None:
    seen.clear()
    body = b"" if method == "HEAD" else b'{"n": 1}'
    request = httpx.Request(method, f"{base_url}/plain?q=caf\u00e9", headers={"X-Who": "me"}, content=body)
    assert (await run(LoadPlan(request, 1, 60, requests=2))).statuses == {200: 2}
    assert seen == [("me", body)] * 2


async def test_what_has_no_answer_when_the_time_is_over_does_not_count(base_url: str) -> None:
    outcome = await run(LoadPlan(httpx.Request("GET", f"{base_url}/never"), 2, 0.3))
    assert (outcome.answers, outcome.failures, outcome.percentiles([0.5])) == (0, {}, [])


async def test_a_shop_that_is_away_is_a_failure_with_its_reason() -> None:
    request = httpx.Request("GET", f"http://127.0.0.1:{free_port()}/")
    outcome = await run(LoadPlan(request, 1, 60, requests=2))
    assert outcome.answers == 0
    assert sum(outcome.failures.values()) == 2
    assert "connect" in next(iter(outcome.failures))


def test_percentiles_are_those_of_all_answers() -> None:
    outcome = LoadResult(seconds=2.0, latencies=[number / 1000 for number in range(1, 101)])
    assert outcome.percentiles([0.5, 0.9, 1.0]) == pytest.approx([51.0, 91.0, 100.0])
    assert outcome.per_second == 50


async def test_so_many_requests_are_under_way_as_there_are_connections() -> None:
    """Each answer waits for three requests."""
    together, meeting = asyncio.Barrier(3), FastAPI()

    @meeting.get("/meet")
    async def meet() -> str:
        await together.wait()
        return "met"

    async with serving(meeting, wait_ready=False) as client:
        request = httpx.Request("GET", client.base_url.join("/meet"))
        outcome = await run(LoadPlan(request, 3, 60, 6), lambda _: None)
    assert outcome.statuses == {200: 6}
