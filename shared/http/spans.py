"""What the shop adds to the spans that FastAPI starts for requests, and leaves out of them.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from opentelemetry import trace
from starlette.types import Scope

from shared.observability.redaction import REDACTED, redact


def untraced(prefix: str) -> Callable[[MutableMapping[str, Any]], bool]:
    """Tells which requests of a service have no span: probes, which come every second from several sides."""
    probes = (f"{prefix}/health/", "/metrics", "/gateway/")
    return lambda scope: scope["path"].startswith(probes)


def describe_span(scope: Scope) -> None:
    """Names the current span by the request's route. FastAPI would, but for a route table of our own.

    A query may hold an e-mail address or a ticket, so none of it is exported.
    """
    span = trace.get_current_span()
    if not span.is_recording():
        return
    route = scope.get("route")
    if route is not None:
        span.update_name(f"{scope['method']} {route.path}")
        span.set_attribute("http.route", route.path)
    span.set_attribute("url.path", redact(scope["path"]))
    if scope["query_string"]:
        span.set_attribute("url.query", REDACTED)
