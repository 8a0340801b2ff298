"""A fast route table: a dictionary of the fixed paths, then the few patterns in their order.

FastAPI's included routers match every request twice, which costs a service of fifteen routes 40 microseconds
a request. So the routes of all routers are copied into one flat list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import NotFound, ShopError
from shared.http.fast.routes import fast_app
from shared.http.json_body import read_json
from shared.http.media_type import json_types
from shared.http.problem import MethodNotAllowed
from shared.http.query import check_form, checked_query, query_parameters
from shared.http.validation import Translate, translation_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_ARGUMENTS = tuple(inspect.signature(APIRoute.__init__).parameters)[1:]


class JsonRequest(Request):
    """A request whose body was read before. FastAPI sees a refused body as one that no model accepts. So
    dependencies run first, and a caller without the right gets that error instead of one about the body."""

    parsed: Any = None
    refusal: ShopError | None = None

    async def read(self) -> None:
        try:
            self.parsed = await read_json(self, json_types(self.method))
        except ShopError as error:
            self.parsed, self.refusal = object(), error

    async def body(self) -> bytes:
        return await super().body() if self.refusal is None else b"refused"

    async def json(self) -> Any:
        return self.parsed


class ServiceRoute(APIRoute):
    """A route that avoids FastAPI's solver where it can, if it is `fast`. It answers 415 for a body of
    another media type than it declares, and 422 for an unknown query parameter."""

    def __init__(self, *args: Any, fast: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = (fast and fast_app(self)) or AsyncExitStackMiddleware(self.app)
        if self.include_in_schema:
            self.app = _checked_query(self.app, query_parameters(self.dependant))
        translate = translation_of(self.endpoint)
        if translate is not None:
            self.app = _translated(self.app, translate)

    def get_route_handler(self) -> Handler:
        return _checked_body(super().get_route_handler(), self)


def _checked_body(handle: Handler, route: APIRoute) -> Handler:
    if route.body_field is None:
        return handle
    is_form = isinstance(route.body_field.field_info, Form)
    form_fields = getattr(route.body_field.field_info.annotation, "model_fields", {})

    async def handle_form(request: Request) -> Response:
        await check_form(request, form_fields)
        return await handle(request)

    async def handle_json(received: Request) -> Response:
        # FastAPI would turn an exception while it reads the body into an error of its own.
        request = JsonRequest(received.scope, received.receive)
        await request.read()
        try:
            return await handle(request)
        except RequestValidationError as error:
            raise request.refusal or error from None

    return handle_form if is_form else handle_json


def _checked_query(app: ASGIApp, known: Mapping[str, bool]) -> ASGIApp:
    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            scope["query_string"] = checked_query(scope["query_string"], known)
        await app(scope, receive, send)

    return checked


def _translated(app: ASGIApp, translate: Translate) -> ASGIApp:
    async def translated(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            problem = translate(error)
            if problem is None:
                raise
            raise problem from error

    return translated


def flat_routes(router: APIRouter, prefix: str = "", *, fast: bool = True) -> list[APIRoute]:
    """Copies of the router's routes under `prefix`. A path `/` becomes the prefix itself. If `fast`, a route
    is answered without FastAPI's solver where possible (`shared.http.fast`).

    The operation id is the name of the endpoint. Raises TypeError for an endpoint or a dependency that is not
    `async`: FastAPI would run it in a thread, which costs more than most of them do.
    """
    routes: list[APIRoute] = []
    for route in router.routes:
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route} is not an API route: put its router into the service's list")
        _refuse_threads(route.dependant)
        arguments = {name: getattr(route, name) for name in _ARGUMENTS if hasattr(route, name)}
        if route.status_code == 204:
            arguments["response_class"] = Response  # an answer without a body has no media type
        path = f"{prefix}{route.path}".rstrip("/") or "/"
        arguments |= {"path": path, "generate_unique_id_function": lambda route: route.name}
        routes.append(ServiceRoute(**arguments, fast=fast))
    return routes


def _refuse_threads(dependant: Dependant) -> None:
    call: Any = dependant.call
    if not any(
        inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f) for f in (call, call.__call__)
    ):
        raise TypeError(f"{call.__module__}.{call.__qualname__} must be async")
    for dependency in dependant.dependencies:
        _refuse_threads(dependency)


class RouteTable:
    """Finds the route of a request. It ignores a slash at the end of a path, and answers HEAD like GET.

    Raises `NotFound`, or `MethodNotAllowed` with every method of the path.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._fixed: dict[tuple[str, str], Route] = {
            (method, route.path): route
            for route in reversed(router.routes)
            if isinstance(route, Route) and not route.param_convertors
            for method in route.methods or ()
        }
        # Patterns in their order. A fixed path is matched here only to list its allowed methods.
        self._all: list[BaseRoute] = list(router.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        path: str = scope["path"]
        if path.endswith("/") and len(path) > 1:
            scope["path"] = path = path.rstrip("/") or "/"
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        route = self._fixed.get((method, path))
        if route is not None:
            scope["route"], scope["endpoint"], scope["path_params"] = route, route.endpoint, {}
            await route.app(scope, receive, send)
            return
        await self._match(scope, method)(scope, receive, send)

    def _match(self, scope: Scope, method: str) -> ASGIApp:
        allowed: set[str] = set()
        wanted = scope if scope["method"] == method else {**scope, "method": method}
        for route in self._all:
            match, found = route.matches(wanted)
            if match is Match.FULL:
                scope.update({"route": route, **found})
                return getattr(route, "app", route.handle)
            if match is Match.PARTIAL and isinstance(route, Route):
                allowed |= route.methods or set()
        if allowed:
            raise MethodNotAllowed(scope["method"], allowed | ({"HEAD"} if "GET" in allowed else set()))
        raise NotFound(f"There is nothing at {scope['path']}. /docs shows what there is.")
