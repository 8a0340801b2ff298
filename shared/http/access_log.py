"""What is counted and written down about each request."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from prometheus_client import Histogram
from starlette.types import Scope

from shared.observability.logging import get_logger
from shared.observability.metrics import HTTP_REQUEST_SECONDS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = get_logger(__name__)


@lru_cache(maxsize=4096)
def _duration(method: str, route: str, status: int) -> Histogram:
    # Resolving labels costs more than the observation itself.
    return HTTP_REQUEST_SECONDS.labels(method, route, str(status))


def record(scope: Scope, path: str, status: int, seconds: float, log_requests: bool) -> None:
    """Counts the request by its route's template (never its path), and logs it. The answer began after so
    many `seconds`."""
    route: Any = scope.get("route")
    template = "unmatched" if route is None else route.path
    method = scope["method"] if scope["method"] in _METHODS else "other"
    _duration(method, template, status).observe(seconds)
    # Probes come every second from several sides. What keeps a service from being well has a line of its own,
    # and while it starts 503 is what is expected.
    probed = "/health/" in template or template.startswith(("/metrics", "/gateway/"))
    if status >= 500 and not (probed and status == 503):
        write = log.warning
    elif not log_requests:
        return
    else:
        write = log.debug if probed else log.info
    write("request", method=method, path=path, route=template, status=status, ms=round(seconds * 1000, 2))
