"""The FastAPI application with the shop's own middleware, routes and document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Lifespan

from shared import __version__
from shared.http.middleware import ServiceMiddleware
from shared.http.openapi import build_document
from shared.http.routing import RouteTable
from shared.http.runtime import Runtime
from shared.http.spans import untraced
from shared.settings import ServiceSettings


class ServiceApp(FastAPI):
    """Answers errors as problem documents, and describes itself under `<prefix>/openapi.json`."""

    def __init__(
        self,
        runtime: Runtime,
        settings: ServiceSettings,
        *,
        prefix: str,
        title: str,
        description: str,
        tags: list[dict[str, Any]],
        lifespan: Lifespan[Any],
    ) -> None:
        self._collects_spans = bool(settings.otel_exporter_otlp_endpoint)
        super().__init__(
            title=title,
            description=description,
            version=__version__,
            openapi_tags=tags,
            servers=[{"url": "/"}],
            lifespan=lifespan,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            telemetry={
                "auto_configure": self._collects_spans,
                "tracing": self._collects_spans,
                "exclude": untraced(prefix),
                "metrics": False,
                "logs": False,
                "operation_spans": False,
            },
        )
        self._settings = settings
        self.state.runtime = runtime
        self.state.prefix = prefix

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
