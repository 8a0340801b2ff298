"""What is written down about a request. Logging is set up once a process, so each case has one of its own."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest

SCRIPT = """
from types import SimpleNamespace
from shared.http.access_log import record
from shared.observability.logging import configure_logging
from shared.settings import LogFormat
configure_logging("info", LogFormat.JSON, "demo")
record({{"method": "GET", "route": SimpleNamespace(path={route!r})}}, {route!r}, {status}, 0.001, True)
"""


def level_of(route: str, status: int) -> str | None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(route=route, status=status)], capture_output=True, check=True
    )
    return orjson.loads(done.stdout)["level"] if done.stdout else None


@pytest.mark.parametrize(
    ("route", "status", "level"),
    [
        ("/api/v1/cart", 200, "info"),
        ("/api/v1/cart", 503, "warning"),
        ("/api/v1/cart/health/ready", 200, None),
        ("/api/v1/cart/health/ready", 503, None),
        ("/api/v1/cart/health/live", 500, "warning"),
        ("/gateway/problems/{status}", 503, None),
    ],
)
def test_a_probe_of_what_is_not_ready_is_no_warning(route: str, status: int, level: str | None) -> None:
    assert level_of(route, status) == level
