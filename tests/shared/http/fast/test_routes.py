"""A route that is answered without FastAPI's solver answers as with it."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field

from shared.errors import NotAuthenticated, ShopError
from shared.http.fast.routes import fast_app
from shared.http.models import PublicModel, StrictModel
from shared.http.responses import JsonBytes
from shared.http.routing import flat_routes
from shared.http.validation import from_validation_error

JSON = {"content-type": "application/json"}


class Item(StrictModel):
    product_id: str
    quantity: Annotated[int, Field(ge=1)] = 1


class ItemPublic(PublicModel):
    product_id: str
    note: str | None = None


class Choice(PublicModel):
    sort: Annotated[str, Field(max_length=5)] = "name"
    tags: list[str] = Field(default_factory=list)


async def name_of(request: Request) -> str:
    name = request.headers.get("x-name", "nobody")
    if name == "intruder":
        raise NotAuthenticated("Sign in.")
    return name


NameDep = Annotated[str, Depends(name_of)]


async def no_store(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


router = APIRouter()


@router.post("/items", status_code=201)
async def post_item(item: Item, name: NameDep, request: Request) -> Response:
    return JsonBytes.of([name, item.product_id, item.quantity, request.method], 202)


@router.put("/items/{number}")
async def put_item(
    number: Annotated[int, Field(le=9)], item: Item, name: NameDep, limit: Annotated[int, Query(ge=1)] = 1
) -> Response:
    return JsonBytes.of([number, item.quantity, name, limit])


@router.get("/without-body")
async def get_without_body(name: NameDep) -> Response:
    return JsonBytes.of(name)


@router.get("/filtered")
async def get_filtered(choice: Annotated[Choice, Query()]) -> Response:
    return JsonBytes.of([choice.sort, choice.tags])


@router.post("/value", status_code=201)
async def post_value(item: Item, name: NameDep) -> ItemPublic:
    return ItemPublic(product_id=f"{item.product_id} of {name}")


@router.get("/text/{name}")
async def get_text(name: str) -> str:
    return name


@router.delete("/items/{name}", status_code=204)
async def delete_item(name: str) -> None:
    assert name


@router.post("/optional")
async def post_optional(item: Item | None = None) -> Response:
    return JsonBytes.of(item is None)


@router.post("/form")
async def post_form(name: Annotated[str, Form()]) -> Response:
    return JsonBytes.of(name)


@router.post("/two")
async def post_two(one: Item, other: Item) -> Response:
    return JsonBytes.of([one.quantity, other.quantity])


@router.get("/header")
async def get_header(x_name: Annotated[str, Header()]) -> Response:
    return JsonBytes.of(x_name)


@router.get("/narrowed", response_model_exclude_none=True)
async def get_narrowed() -> ItemPublic:
    return ItemPublic(product_id="p")


@router.get("/marked")
async def get_marked(response: Response, _cached: Annotated[None, Depends(no_store)]) -> str:
    response.headers["x-mark"] = "yes"
    response.status_code = 203
    return "marked"


@router.put("/marked")
async def put_marked(_cached: Annotated[None, Depends(no_store)]) -> Response:
    return JsonBytes.of("a response of its own")


FAST = {
    *("/items", "/items/{number}", "/items/{name}", "/without-body", "/filtered", "/value", "/text/{name}"),
    *("/optional", "/marked"),
}


@pytest.mark.parametrize("route", flat_routes(router), ids=lambda route: route.name)
def test_forms_headers_and_narrowed_models_are_left_to_fastapi(route: Any) -> None:
    assert (fast_app(route) is not None) is (route.path in FAST)


async def call(fast: bool, method: str, path: str, **sent: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    app = FastAPI()
    app.router.routes += flat_routes(router, fast=fast)

    async def refused(_request: Request, error: Any) -> Response:
        known = error if isinstance(error, ShopError) else from_validation_error(error)
        public = [known.detail, [[at.pointer, at.message] for at in known.errors], known.headers]
        return JsonBytes.of(public, known.status)

    app.add_exception_handler(ShopError, refused)
    app.add_exception_handler(RequestValidationError, refused)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.request(method, path, **sent)
    return answer.status_code, answer.content, answer.headers.multi_items()


async def alike(method: str, path: str, **sent: Any) -> tuple[int, bytes]:
    """The answer, which is the same both ways."""
    fast, solved = [await call(way, method, path, **sent) for way in (True, False)]
    assert fast == solved
    return fast[0], fast[1]


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
async def test_a_body_is_read_alike(kind: str, headers: dict[str, str]) -> None:
    status, _ = await alike("POST", "/items", content=BODIES[kind], headers={**headers, "x-name": "ann"})
    assert (status >= 400) is (kind not in ("valid", "a default"))
    assert status == 202 or status >= 400


@pytest.mark.parametrize("kind", BODIES)
async def test_a_body_that_may_be_missing_is_read_alike(kind: str) -> None:
    status, content = await alike("POST", "/optional", content=BODIES[kind], headers=JSON)
    if kind in ("empty", "null"):
        assert (status, content) == (200, b"true")


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/xml"}])
@pytest.mark.parametrize("path", ["/items", "/optional"])
async def test_another_media_type_is_refused_alike(headers: dict[str, str], path: str) -> None:
    status, _ = await alike("POST", path, content=BODIES["valid"], headers=headers)
    assert status == 415


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        ("/items/9?limit=7", "valid", []),
        ("/items/7", "a default", []),
        ("/items/10?limit=0", "too small", ["path:number", "query:limit", "/quantity"]),
        ("/items/x?limit=y", "empty", ["path:number", "query:limit", ""]),
        ("/items/x?limit=y", "valid", ["path:number", "query:limit"]),
    ],
)
async def test_parameters_and_body_are_checked_together(path: str, body: str, pointers: list[str]) -> None:
    status, content = await alike("PUT", path, content=BODIES[body], headers=JSON)
    assert status == (422 if pointers else 200)
    assert not pointers or all(f'["{pointer}"'.encode() in content for pointer in pointers)


async def test_a_body_that_cannot_be_read_is_told_before_wrong_parameters() -> None:
    status, _ = await alike("PUT", "/items/x", content=BODIES["malformed"], headers=JSON)
    assert status == 400


@pytest.mark.parametrize("kind", BODIES)
async def test_who_may_not_call_is_told_that_first(kind: str) -> None:
    headers = {**JSON, "x-name": "intruder"}
    assert (await alike("PUT", "/items/x", content=BODIES[kind], headers=headers))[0] == 401


@pytest.mark.parametrize(
    "query", ["", "?sort=price&tags=a&tags=b", "?tags=a", "?sort=longer", "?sort=", "?x=1"]
)
async def test_a_model_of_the_query_is_read_alike(query: str) -> None:
    status, _ = await alike("GET", f"/filtered{query}")
    assert status == (422 if query in ("?sort=longer", "?x=1") else 200)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/value", (201, b'{"product_id":"p of nobody","note":null}')),
        ("GET", "/text/caf%C3%A9", (200, '"café"'.encode())),
        ("DELETE", "/items/mug", (204, b"")),
        ("PUT", "/marked", (200, b'"a response of its own"')),
        ("GET", "/narrowed", (200, b'{"product_id":"p"}')),
        ("GET", "/marked", (203, b'"marked"')),
    ],
)
async def test_values_are_rendered_alike(method: str, path: str, expected: tuple[int, bytes]) -> None:
    sent = {"content": BODIES["valid"], "headers": JSON} if method == "POST" else {}
    assert await alike(method, path, **sent) == expected


async def test_a_route_without_a_body_reads_none() -> None:
    answer = await alike("GET", "/without-body", content=b"{", headers={**JSON, "x-name": "ann"})
    assert answer == (200, b'"ann"')
