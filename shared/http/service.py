"""Puts a service together: `create_service` is all that a service's `main.py` needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Lifespan

from shared import __version__
from shared.backends import create_verifier
from shared.clock import Clock, SystemClock
from shared.http import docs, operations
from shared.http.lifecycle import Bootstrap, Lifecycle
from shared.http.middleware import ServiceMiddleware
from shared.http.openapi import build_document
from shared.http.pagination import CursorCodec
from shared.http.routing import RouteTable, flat_routes
from shared.http.runtime import Runtime
from shared.http.telemetry import untraced
from shared.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)


@dataclass(frozen=True, slots=True, eq=False)
class ServiceSpec:
    """Describes a service. `name` (`cart`) is for logs and events, `prefix` (`/api/v1/cart`) begins all its
    paths. `without_redis` says what is missing while Redis is away; None if the service does not use
    Redis."""

    name: str
    prefix: str
    title: str
    description: str
    routers: Sequence[APIRouter]
    tags: Sequence[dict[str, Any]] = ()
    without_redis: str | None = None


class ServiceApp(FastAPI):
    """Answers errors as problem documents, and serves its OpenAPI document under `<prefix>/openapi.json`."""

    def __init__(
        self, spec: ServiceSpec, settings: ServiceSettings, runtime: Runtime, lifespan: Lifespan[Any]
    ) -> None:
        self._collects_spans = bool(settings.otel_exporter_otlp_endpoint)
        super().__init__(
            title=spec.title,
            description=spec.description,
            version=__version__,
            openapi_tags=[*spec.tags, operations.TAG],
            servers=[{"url": "/"}],
            lifespan=lifespan,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            telemetry={
                "auto_configure": self._collects_spans,
                "tracing": self._collects_spans,
                "exclude": untraced(spec.prefix),
                "metrics": False,
                "logs": False,
                "operation_spans": False,
            },
        )
        self._settings = settings
        self.state.runtime = runtime
        self.state.prefix = spec.prefix

    def build_middleware_stack(self) -> ASGIApp:
        """`ServiceMiddleware` and `ServiceRoute` do what FastAPI's stack does."""
        return ServiceMiddleware(
            RouteTable(self.router),
            self.state.runtime,
            self._settings,
            prefix=self.state.prefix,
            collects_spans=self._collects_spans,
        )

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = build_document(self)
        return self.openapi_schema


def create_service(
    spec: ServiceSpec,
    settings: Settings,
    bootstrap: Bootstrap[Settings],
    *,
    clock: Clock | None = None,
    fast: bool = True,
) -> FastAPI:
    """The application. It answers at once. Its backends connect in the background, with repeats; until then
    every route of the API answers 503 and says what the service waits for. Without `fast` FastAPI's solver
    answers every route (`shared.http.fast`)."""
    clock = clock or SystemClock()
    runtime = Runtime(create_verifier(settings, clock), CursorCodec(settings.cursor_secret))
    lifecycle = Lifecycle(spec.name, settings, bootstrap, clock, runtime, spec.without_redis)
    app = ServiceApp(spec, settings, runtime, lifecycle.run)
    app.router.routes += _routes(spec, fast)
    return app


@cache
def _routes(spec: ServiceSpec, fast: bool) -> Sequence[APIRoute]:
    """All applications of a service share its routes, because making them takes most of an application's
    start."""
    own = (*spec.routers, operations.health, docs.service_router)
    common = (operations.internal, docs.router)
    return [
        *(route for router in own for route in flat_routes(router, spec.prefix, fast=fast)),
        *(route for router in common for route in flat_routes(router, fast=fast)),
    ]
