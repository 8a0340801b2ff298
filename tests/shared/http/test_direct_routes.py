"""A route that is answered without FastAPI's solver answers as with it."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field

from shared.errors import ShopError
from shared.http.direct_routes import direct_app
from shared.http.models import StrictModel
from shared.http.responses import JsonBytes
from shared.http.routing import flat_routes
from shared.http.validation import from_validation_error

JSON = {"content-type": "application/json"}


class Item(StrictModel):
    product_id: str
    quantity: Annotated[int, Field(ge=1)] = 1


async def name_of(request: Request) -> str:
    return request.headers.get("x-name", "nobody")


NameDep = Annotated[str, Depends(name_of)]
router = APIRouter()


@router.post("/direct", status_code=201)
async def post_direct(item: Item, name: NameDep, request: Request) -> Response:
    return JsonBytes.of([name, item.product_id, item.quantity, request.method], 202)


@router.post("/solved", status_code=201)
async def post_solved(
    item: Item, name: NameDep, request: Request, _page: Annotated[int, Query()] = 1
) -> Response:
    return await post_direct(item, name, request)


@router.get("/without-body")
async def get_without_body(name: NameDep) -> Response:
    return JsonBytes.of(name)


@router.get("/value")
async def get_value(name: NameDep) -> str:
    return name


@router.post("/optional")
async def post_optional(item: Item | None = None) -> Response:
    return JsonBytes.of(item is None)


@router.post("/form")
async def post_form(name: Annotated[str, Form()]) -> Response:
    return JsonBytes.of(name)


@router.post("/two")
async def post_two(one: Item, other: Item) -> Response:
    return JsonBytes.of([one.quantity, other.quantity])


@router.get("/path/{name}")
async def get_path(name: str) -> Response:
    return JsonBytes.of(name)


ROUTES = {route.path: route for route in flat_routes(router)}


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    app.router.routes += ROUTES.values()

    async def refused(_request: Request, error: Any) -> Response:
        known = error if isinstance(error, ShopError) else from_validation_error(error)
        told = [known.detail, [[at.pointer, at.message] for at in known.errors], known.headers]
        return JsonBytes.of(told, known.status)

    app.add_exception_handler(ShopError, refused)
    app.add_exception_handler(RequestValidationError, refused)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize("path", ["/direct", "/without-body"])
def test_what_needs_no_solver_is_direct(path: str) -> None:
    assert direct_app(ROUTES[path]) is not None


@pytest.mark.parametrize("path", ["/solved", "/value", "/optional", "/form", "/two", "/path/{name}"])
def test_everything_else_is_left_to_fastapi(path: str) -> None:
    assert direct_app(ROUTES[path]) is None


BODIES = {
    "valid": b'{"product_id": "p", "quantity": 3}',
    "a default": b'{"product_id": "p"}',
    "wrong type": b'{"product_id": 1, "quantity": "2"}',
    "too small": b'{"product_id": "p", "quantity": 0}',
    "unknown field": b'{"product_id": "p", "colour": "red"}',
    "missing field": b"{}",
    "malformed": b'{"product_id": ',
    "not a number": b'{"product_id": "p", "quantity": NaN}',
    "no UTF-8": b'{"product_id": "\xff"}',
    "a list": b"[]",
    "null": b"null",
    "a string": b'"p"',
    "empty": b"",
    "blank": b" ",
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("headers", [JSON, {"content-type": "Application/JSON; charset=utf-8"}])
async def test_a_body_is_read_alike(client: httpx.AsyncClient, kind: str, headers: dict[str, str]) -> None:
    content = BODIES[kind]
    direct, solved = [
        await client.post(path, content=content, headers={**headers, "x-name": "ann"})
        for path in ("/direct", "/solved")
    ]
    assert (direct.status_code, direct.content) == (solved.status_code, solved.content)
    assert direct.status_code == (202 if kind in ("valid", "a default") else direct.status_code)
    assert (direct.status_code >= 400) is (kind not in ("valid", "a default"))


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/xml"}])
async def test_another_media_type_is_refused_alike(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    direct, solved = [
        await client.post(path, content=BODIES["valid"], headers=headers) for path in ("/direct", "/solved")
    ]
    assert direct.status_code == 415
    assert (direct.status_code, direct.content) == (solved.status_code, solved.content)


async def test_a_route_without_a_body_reads_none(client: httpx.AsyncClient) -> None:
    answer = await client.request("GET", "/without-body", content=b"{", headers={**JSON, "x-name": "ann"})
    assert (answer.status_code, answer.json()) == (200, "ann")
