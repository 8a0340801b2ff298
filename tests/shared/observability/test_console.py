"""Log lines as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.observability.logging import render_line

NOON = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
TIME = NOON.astimezone().strftime("%H:%M:%S")


def line(**event: Any) -> str:
    about = {"timestamp": NOON.isoformat(), "level": "info", "service": "cart", "logger_name": "x"}
    return render_line(None, "info", {**about, **event})


def request(path: str = "/api/v1/cart/items", ms: float = 9.2, **event: Any) -> str:
    ids = {"request_id": "01" * 16, "trace_id": "ab" * 16, "route": path}
    return line(event="request", method="POST", path=path, status=200, ms=ms, **ids, **event)


def test_a_request_is_one_short_line() -> None:
    assert request() == f"{TIME} cart  POST /api/v1/cart/items  200  9 ms"


@pytest.mark.parametrize(("ms", "shown"), [(0.42, "0.4 ms"), (1.0, "1 ms"), (1234.5, "1234 ms")])
def test_a_time_has_the_digits_that_matter(ms: float, shown: str) -> None:
    assert request(ms=ms).endswith(f"  {shown}")


def test_anything_else_is_told_with_its_fields_and_its_level_if_that_matters() -> None:
    assert line(event="ready") == f"{TIME} cart  ready"
    away = line(event="NATS is away", level="warning", setting="NATS_URL", request_id="r", nothing=None)
    assert away == f"{TIME} cart  warning: NATS is away  setting=NATS_URL"


def test_a_traceback_follows() -> None:
    text = line(event="request failed", level="error", exception="Traceback\nValueError: x")
    assert text == f"{TIME} cart  error: request failed\nTraceback\nValueError: x"


@pytest.mark.parametrize("evil", ["/a\x1b[2J", "/a\nforged", "/a\x9b31m", "/\u202eabc"])
def test_what_a_client_sends_cannot_move_the_cursor(evil: str) -> None:
    for text in (request(evil), line(event="refused", path=evil), line(event=evil)):
        assert text.isprintable()
        assert re.search(r"/(a)?\\", text)
