"""Parameters in the address: known ones, once each, and empty ones not at all."""

from __future__ import annotations

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query

from shared.errors import InvalidInput, MalformedRequest
from shared.http.problem import TargetTooLong
from shared.http.query import checked_query, query_parameters
from shared.http.routing import flat_routes

PREFIX = "/api/v1/demo"
KNOWN = {"q": False, "category": True}


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422
    return [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("path", ["", "/things/3", "/me", "/health/live", "/health/ready"])
async def test_an_unknown_parameter_is_named(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"{PREFIX}{path}?limti=10&colour=")
    assert pointers(answer) == ["query:limti", "query:colour"]


async def test_the_error_tells_the_known_ones(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{PREFIX}/things/3?limti=10")
    assert "limit" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD"])
async def test_every_method_knows_its_parameters(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, f"{PREFIX}?x=1", json={"items": []} if method == "POST" else None)
    assert answer.status_code == 422


async def test_a_parameter_is_given_once(client: httpx.AsyncClient) -> None:
    assert pointers(await client.get(f"{PREFIX}/things/3?limit=10&limit=10")) == ["query:limit"]
    assert (await client.get(f"{PREFIX}/things/3?limit=&limit=20&limit=")).json()["limit"] == 20


@pytest.mark.parametrize("query", ["limit=", "limit", "limit=%20", "", "&", "&&limit=&"])
async def test_an_empty_parameter_counts_as_not_given(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"{PREFIX}/things/3?{query}")).json()["limit"] == 10


@pytest.mark.parametrize("query", [b"q=%ff", b"q=%ed%a0%80", b"q=\xff", b"%ff=1"])
def test_text_that_is_not_utf_8_is_malformed(query: bytes) -> None:
    with pytest.raises(MalformedRequest):
        checked_query(query, KNOWN)


def test_raw_utf_8_is_read() -> None:
    assert checked_query("q=café+au%20lait".encode(), KNOWN) == b"q=caf%C3%A9+au+lait"


def test_a_list_may_repeat_its_parameter() -> None:
    assert checked_query(b"category=a&category=&category=b", KNOWN) == b"category=a&category=b"
    with pytest.raises(InvalidInput):
        checked_query(b"q=a&q=b", KNOWN)


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(MalformedRequest):
        checked_query(b"&".join(b"q=" for _ in range(201)), KNOWN)


def test_a_query_that_is_too_long_is_refused() -> None:
    assert checked_query(b"q=" + b"y" * 65_533, KNOWN)
    with pytest.raises(TargetTooLong):
        checked_query(b"q=" + b"y" * 65_534, KNOWN)


async def test_lists_of_a_route_are_recognised() -> None:
    router = APIRouter()

    @router.get("/list")
    async def get_list(
        tags: Annotated[list[str] | None, Query()] = None, other: Annotated[str, Query(alias="o")] = ""
    ) -> str:
        return f"{tags}{other}"

    app = FastAPI()
    app.router.routes += flat_routes(router)
    (route,) = flat_routes(router)
    assert query_parameters(route.dependant) == {"tags": True, "o": False}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/list?tags=a&tags=b&o=c")).json() == "['a', 'b']c"
