"""Puts a service together: `create_service` is all that a service's `main.py` needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from shared.backends import create_verifier, open_backends
from shared.clock import Clock, SystemClock
from shared.http import docs, operations
from shared.http.app import ServiceApp
from shared.http.lifecycle import Bootstrap, Lifecycle, OpenBackends
from shared.http.pagination import CursorCodec
from shared.http.routing import flat_routes
from shared.http.runtime import Runtime
from shared.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)


@dataclass(frozen=True, slots=True, eq=False)
class ServiceSpec:
    """What a service is: `name` (`cart`) in logs and events, `prefix` (`/api/v1/cart`) of all its paths.
    `without_redis` says what is missing while Redis is away; None where it is not used."""

    name: str
    prefix: str
    title: str
    description: str
    routers: Sequence[APIRouter]
    tags: Sequence[dict[str, Any]] = ()
    without_redis: str | None = None


def create_service(
    spec: ServiceSpec,
    settings: Settings,
    bootstrap: Bootstrap[Settings],
    *,
    clock: Clock | None = None,
    connect: OpenBackends = open_backends,
    fast: bool = True,
) -> FastAPI:
    """The application. It answers at once; its backends connect in the background, as often as it takes, and
    until then every route of the API answers 503 and says what it waits for. Unless it is `fast`, every route
    is answered by FastAPI's solver (`shared.http.fast`)."""
    clock = clock or SystemClock()
    runtime = Runtime(create_verifier(settings, clock), CursorCodec(settings.cursor_secret))
    app = ServiceApp(
        runtime,
        settings,
        prefix=spec.prefix,
        title=spec.title,
        description=spec.description,
        tags=[*spec.tags, operations.TAG],
        lifespan=Lifecycle(spec.name, settings, bootstrap, clock, connect, runtime, spec.without_redis).span,
    )
    app.router.routes += _routes(spec, fast)
    return app


@cache
def _routes(spec: ServiceSpec, fast: bool) -> Sequence[APIRoute]:
    """The same for every application: they know nothing of it, and to make them is most of its making."""
    own = (*spec.routers, operations.health, docs.service_router)
    common = (operations.internal, docs.router)
    return [
        *(route for router in own for route in flat_routes(router, spec.prefix, fast=fast)),
        *(route for router in common for route in flat_routes(router, fast=fast)),
    ]
