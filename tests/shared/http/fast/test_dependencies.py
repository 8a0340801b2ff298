"""Dependencies that are called without FastAPI's solver behave as with it: each test runs both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, Request

from shared.http.models import StrictModel
from shared.http.routing import ServiceRoute, flat_routes

calls: list[str] = []


class Body(StrictModel):
    quantity: int


async def base(request: Request) -> str:
    calls.append("base")
    return request.headers["x-name"]


BaseDep = Annotated[str, Depends(base)]


class Greeting:
    """A dependency that is an object."""

    async def __call__(self, name: BaseDep, request: Request) -> str:
        calls.append("greeting")
        return f"{request.method} {name}"


GreetingDep = Annotated[str, Depends(Greeting())]


async def with_query(name: BaseDep, limit: Annotated[int, Query()] = 1) -> str:
    calls.append("with_query")
    return f"{name} {limit}"


async def opened(name: BaseDep) -> AsyncIterator[str]:
    calls.append("opened")
    yield name
    calls.append("closed")


async def refuse(request: Request) -> None:
    raise PermissionError("nobody")


async def count(request: Request) -> None:
    calls.append("counted")


router = APIRouter()


@router.get("/shared")
async def get_shared(name: BaseDep, greeting: GreetingDep) -> list[str]:
    return [name, greeting]


@router.get("/path/{number}")
async def get_path(number: int, limited: Annotated[str, Depends(with_query)]) -> list[Any]:
    return [number, limited]


@router.get("/mixed/{number}")
async def get_mixed(
    number: int,
    greeting: GreetingDep,
    limited: Annotated[str, Depends(with_query)],
    resource: Annotated[str, Depends(opened)],
    request: Request,
) -> list[Any]:
    return [number, greeting, limited, resource, request.url.path]


@router.post("/refused")
async def post_refused(body: Body, nobody: Annotated[None, Depends(refuse)]) -> int:
    return body.quantity


@router.get("/named-nowhere", dependencies=[Depends(count)])
async def get_named_nowhere() -> str:
    return "done"


@router.get("/uncached")
async def get_uncached(
    first: Annotated[str, Depends(base, use_cache=False)],
    second: Annotated[str, Depends(base, use_cache=False)],
) -> int:
    return len(calls)


@pytest.fixture(params=[True, False], ids=["fast", "solved"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    calls.clear()
    app = FastAPI()
    app.router.routes += flat_routes(router, "/both", fast=request.param)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test/both", headers={"X-Name": "Ada"}
    ) as client:
        yield client


async def test_what_is_needed_twice_is_called_once(client: httpx.AsyncClient) -> None:
    assert (await client.get("/shared")).json() == ["Ada", "GET Ada"]
    assert calls == ["base", "greeting"]


async def test_each_request_has_its_own_values(client: httpx.AsyncClient) -> None:
    await client.get("/shared")
    assert (await client.get("/shared", headers={"X-Name": "Bob"})).json() == ["Bob", "GET Bob"]


async def test_a_wrong_parameter_of_a_dependency_is_told_with_those_of_the_route(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/path/x?limit=y")
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["query", "limit"], ["path", "number"]]
    assert "with_query" not in calls


async def test_parameters_of_a_dependency_and_of_the_route(client: httpx.AsyncClient) -> None:
    assert (await client.get("/path/7?limit=3")).json() == [7, "Ada 3"]
    assert (await client.get("/path/7")).json() == [7, "Ada 1"]


async def test_what_has_to_be_closed_is_left_to_fastapi(client: httpx.AsyncClient) -> None:
    answer = await client.get("/mixed/7?limit=3")
    assert answer.json() == [7, "GET Ada", "Ada 3", "Ada", "/both/mixed/7"]
    assert calls[-1] == "closed"
    assert (await client.get("/mixed/x?limit=y")).status_code == 422


@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_who_may_not_is_told_so_and_not_what_is_wrong_with_the_body(
    client: httpx.AsyncClient, media_type: str
) -> None:
    with pytest.raises(PermissionError):
        await client.post("/refused", content=b"no json", headers={"Content-Type": media_type})


async def test_a_dependency_without_a_name_is_called(client: httpx.AsyncClient) -> None:
    assert (await client.get("/named-nowhere")).json() == "done"
    assert calls == ["counted"]


async def test_what_shall_not_be_cached_is_called_each_time(client: httpx.AsyncClient) -> None:
    assert (await client.get("/uncached")).json() == 2


def test_the_document_still_knows_all_dependencies() -> None:
    routes = {route.name: route for route in flat_routes(router)}
    assert len(routes["get_shared"].dependant.dependencies) == 2
    assert isinstance(routes["get_shared"], ServiceRoute)


@pytest.mark.parametrize(("fast", "read"), [(True, 0), (False, 1)])
async def test_the_fast_way_does_not_read_the_body_of_who_may_not(fast: bool, read: int) -> None:
    pieces: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        pieces.append(b"{}")
        yield pieces[-1]

    app = FastAPI()
    app.router.routes += flat_routes(router, fast=fast)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        with pytest.raises(PermissionError):
            await client.post("/refused", content=body(), headers={"Content-Type": "application/json"})
    assert len(pieces) == read
