"""A small service with a route for each behaviour of shared.http."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Form, Header, Query, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from shared.backends import Backends
from shared.errors import Conflict, NotFound
from shared.http.body_limit import body_limit
from shared.http.etag import IfMatchDep, IfNoneMatchDep, etag_of, not_modified
from shared.http.headers import RequestHeader
from shared.http.identity import CurrentUserDep, requires
from shared.http.models import StrictModel
from shared.http.responses import JsonBytes, problem_responses
from shared.http.runtime import runtime_of, use_cases
from shared.http.server import run_service
from shared.http.service import ServiceSpec, create_service
from shared.observability.tracing import current_traceparent
from shared.security.identity import Identity, Scope
from shared.settings import ServiceSettings
from shared.store.ports import StoreUnavailable


class DemoSettings(ServiceSettings):
    demo_port: int = 0
    demo_fails: bool = False


@dataclass(frozen=True)
class Demo:
    """The use cases."""

    version: int = 7


class DemoNotFound(NotFound):
    code = "demo-not-found"


class Line(StrictModel):
    product_id: Annotated[str, Field(min_length=1)]
    quantity: Annotated[int, Field(ge=1, le=999)]


class Add(StrictModel):
    op: Literal["add"]
    quantity: int


class Remove(StrictModel):
    op: Literal["remove"]
    product_id: str


class Order(StrictModel):
    items: list[Line]
    operations: Sequence[Annotated[Add | Remove, Field(discriminator="op")]] = ()


async def demo(request: Request) -> Demo:
    return use_cases(request, Demo)


DemoDep = Annotated[Demo, Depends(demo)]
IdempotencyKeyDep = Annotated[str | None, Depends(RequestHeader("Idempotency-Key", "Once.", max_length=8))]

router = APIRouter(tags=["Demo"])


@router.get("/")
async def get_demo(demo: DemoDep, condition: IfNoneMatchDep) -> Response:
    unchanged = not_modified(condition, demo.version)
    return unchanged or JsonBytes(b'{"version":7}', headers={"ETag": etag_of(demo.version)})


@router.post("/", status_code=201)
async def create_demo(order: Order, key: IdempotencyKeyDep, match: IfMatchDep) -> dict[str, Any]:
    return {"lines": len(order.items), "key": key, "allowed": match is None or match.includes(Demo.version)}


@router.put("/")
async def replace_demo(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@router.post("/import")
@body_limit(4_000_000, streams=True)
async def import_demo(request: Request) -> dict[str, int]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return {"bytes": size}


@router.post("/form")
async def send_form(name: Annotated[str, Form()]) -> str:
    return name


@router.get("/things/{thing_id}", responses=problem_responses(DemoNotFound))
async def get_thing(
    thing_id: int, limit: Annotated[int, Query(le=100)] = 10, x_number: Annotated[int, Header()] = 0
) -> str:
    raise DemoNotFound(f"There is no thing {thing_id}.", extra={"limit": limit + x_number})


@router.get("/me")
async def get_me(user: CurrentUserDep) -> str:
    return user.user_id


@router.get("/admin")
async def get_admin(user: Annotated[Identity, Depends(requires(Scope.USERS_ADMIN))]) -> str:
    return user.user_id


@router.get("/store-away")
async def get_what_the_store_has() -> str:
    raise StoreUnavailable("Elasticsearch at http://10.0.0.7:9200 (ELASTICSEARCH_URL) does not answer")


@router.get("/bug")
async def get_bug() -> str:
    raise RuntimeError("the password is hunter2")


@router.get("/conflict")
async def get_conflict() -> str:
    raise Conflict("Not now.", extra={"state": {1, 2}})


@router.get("/half")
async def get_half() -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("broken off")

    return StreamingResponse(parts(), headers={"Content-Length": "8"})


@router.get("/slow")
async def get_slow(request: Request) -> str:
    """Answers once the service drains, and so shows that a running request is finished."""
    await asyncio.wait_for(runtime_of(request).draining.wait(), 20)
    return "finished"


@router.get("/large")
async def get_large(size: Annotated[int, Query(le=2**26)]) -> Response:
    return Response(b"x" * size)


@router.get("/words/{word}")
async def get_words(word: str, q: str = "") -> list[str]:
    return [word, q]


@router.get("/trace")
async def get_trace() -> str | None:
    return current_traceparent()


SPEC = ServiceSpec(
    "demo",
    "/api/v1/demo",
    "Demo",
    "A demonstration.",
    [router],
    [{"name": "Demo"}],
    without_redis="nothing is missing",
)


@asynccontextmanager
async def bootstrap(settings: DemoSettings, backends: Backends) -> AsyncIterator[Demo]:
    if settings.demo_fails:
        raise LookupError("a bug of the demonstration")
    yield Demo()


def create_app(settings: DemoSettings, **options: Any) -> FastAPI:
    return create_service(SPEC, settings, bootstrap, **options)


if __name__ == "__main__":
    run_service(DemoSettings, create_app, "demo_port")
