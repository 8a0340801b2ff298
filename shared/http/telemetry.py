"""What is counted, logged and traced of each request. FastAPI starts the spans; the shop completes them:
https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

from opentelemetry import trace
from prometheus_client import Histogram
from starlette.types import Scope

from shared.observability.logging import get_logger
from shared.observability.metrics import HTTP_REQUEST_SECONDS
from shared.observability.redaction import REDACTED, redact

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_IDS = re.compile(r"[A-Za-z0-9/._~-]*")
_LONGEST_LOGGED = 512

log = get_logger(__name__)


@lru_cache(maxsize=4096)
def _duration(method: str, route: str, status: int) -> Histogram:
    # Resolving labels costs more than the observation itself.
    return HTTP_REQUEST_SECONDS.labels(method, route, str(status))


def loggable_path(scope: Scope) -> str:
    """The path if it is one of a route with ids in it, otherwise what is known of it. Clients put addresses,
    names and codes into paths by mistake, and no log may have them."""
    route = scope.get("route")
    if route is None:
        return REDACTED
    path: str = scope["path"]
    return path if len(path) <= _LONGEST_LOGGED and _IDS.fullmatch(path) else route.path


def record(scope: Scope, status: int, seconds: float, log_requests: bool) -> None:
    """Counts the request by its route's template, never its path, and logs it. `seconds` passed between the
    start of the request and the start of its answer."""
    route: Any = scope.get("route")
    template = "unmatched" if route is None else route.path
    method = scope["method"] if scope["method"] in _METHODS else "other"
    _duration(method, template, status).observe(seconds)
    # Probes come every second from several sides. A failed check has a log line of its own, and a starting
    # service is expected to answer 503.
    probed = "/health/" in template or template.startswith(("/metrics", "/gateway/"))
    if status >= 500 and not (probed and status == 503):
        write = log.warning
    elif not log_requests:
        return
    else:
        write = log.debug if probed else log.info
    path = loggable_path(scope)
    write("request", method=method, path=path, route=template, status=status, ms=round(seconds * 1000, 2))


def untraced(prefix: str) -> Callable[[MutableMapping[str, Any]], bool]:
    """Tells which requests of a service have no span: probes, which come every second from several sides."""
    probes = (f"{prefix}/health/", "/metrics", "/gateway/")
    return lambda scope: scope["path"].startswith(probes)


def describe_span(scope: Scope) -> None:
    """Names the current span by the request's route, which FastAPI cannot do with `RouteTable`. A query may
    hold an e-mail address or a ticket, so it is not exported. For the path see `loggable_path`."""
    span = trace.get_current_span()
    if not span.is_recording():
        return
    route = scope.get("route")
    if route is not None:
        span.update_name(f"{scope['method']} {route.path}")
        span.set_attribute("http.route", route.path)
    span.set_attribute("url.path", redact(loggable_path(scope)))
    if scope["query_string"]:
        span.set_attribute("url.query", REDACTED)
