"""The spans of requests, as the SDK exports them, and their log lines. Logging is set up once a process, so
each case of a log line has a process of its own."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence

import httpx
import orjson
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from tests.shared.http.demo import DemoSettings, create_app
from tests.support.apps import running, serving
from tests.support.spans import Spans

PREFIX = "/api/v1/demo"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def traced(settings: DemoSettings) -> DemoSettings:
    return settings.model_copy(update={"otel_exporter_otlp_endpoint": "http://127.0.0.1:4318"})


@pytest.fixture
async def client(traced: DemoSettings, spans: Spans) -> AsyncIterator[httpx.AsyncClient]:
    async with running(create_app(traced)) as client:
        yield client


def only(spans: Sequence[ReadableSpan]) -> ReadableSpan:
    [span] = spans
    return span


async def test_a_span_is_named_by_the_route(client: httpx.AsyncClient, spans: Spans) -> None:
    await client.get(f"{PREFIX}/things/12?limit=5")
    span = only(spans.finished)
    assert (span.name, span.kind) == (f"GET {PREFIX}/things/{{thing_id}}", SpanKind.SERVER)
    attributes = dict(span.attributes or {})
    assert attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 404,
        "http.route": f"{PREFIX}/things/{{thing_id}}",
        "network.protocol.version": "1.1",
        "server.address": "test",
        "server.port": 80,
        "url.path": f"{PREFIX}/things/12",
        "url.query": "[redacted]",
        "url.scheme": "http",
    }
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("HEAD", PREFIX, f"HEAD {PREFIX}"),
        ("GET", f"{PREFIX}/", f"GET {PREFIX}"),
        ("GET", f"{PREFIX}/nowhere", "GET"),
        ("BREW", PREFIX, "HTTP"),
    ],
)
async def test_a_span_name_has_few_values(
    client: httpx.AsyncClient, spans: Spans, method: str, path: str, name: str
) -> None:
    await client.request(method, path)
    assert only(spans.finished).name == name


@pytest.mark.parametrize("path", [PREFIX, f"{PREFIX}/bug", f"{PREFIX}/nowhere"])
async def test_a_request_logs_no_warning_of_the_sdk(
    client: httpx.AsyncClient, spans: Spans, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        await client.get(path)
    assert only(spans.finished).end_time is not None
    assert [record.getMessage() for record in caplog.records if "span" in record.getMessage()] == []


@pytest.mark.parametrize(
    "path", [f"{PREFIX}/health/live", f"{PREFIX}/health/ready", "/metrics", "/gateway/accepts"]
)
async def test_a_probe_has_no_span(client: httpx.AsyncClient, spans: Spans, path: str) -> None:
    assert (await client.get(path)).is_success
    await client.get(PREFIX)
    assert [span.name for span in spans.finished] == [f"GET {PREFIX}"]


async def test_an_unexpected_error_marks_the_span_without_its_message(
    client: httpx.AsyncClient, spans: Spans
) -> None:
    await client.get(f"{PREFIX}/bug")
    span = only(spans.finished)
    assert span.name == f"GET {PREFIX}/bug"
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "500"
    assert "hunter2" not in span.to_json()


async def test_a_refusal_by_the_store_marks_the_span(client: httpx.AsyncClient, spans: Spans) -> None:
    assert (await client.get(f"{PREFIX}/store-away")).status_code == 503
    assert only(spans.finished).status.status_code is StatusCode.ERROR


async def test_an_answer_that_breaks_off_marks_the_span(traced: DemoSettings, spans: Spans) -> None:
    async with serving(create_app(traced)) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{PREFIX}/half")
    span = only(spans.finished)
    assert (span.name, span.status.status_code) == (f"GET {PREFIX}/half", StatusCode.ERROR)


@pytest.mark.parametrize(
    "secret",
    ["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl", "ticket=t0psecret", "q=ann@example.com"],
)
async def test_a_span_holds_no_secret(client: httpx.AsyncClient, spans: Spans, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Cookie": secret}
    await client.get(f"{PREFIX}/{secret}", headers=headers)
    await client.get(f"{PREFIX}?{secret}", headers=headers)
    exported = "".join(span.to_json() for span in spans.finished)
    assert len(spans.finished) == 2
    assert "[redacted]" in exported
    assert secret not in exported


async def test_the_trace_of_the_client_goes_on(client: httpx.AsyncClient, spans: Spans) -> None:
    own = (await client.get(f"{PREFIX}/trace", headers={"traceparent": PARENT})).json()
    span = only(spans.finished)
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT[36:52]
    assert own == f"00-{TRACE}-{span.context.span_id:016x}-01"


async def test_a_trace_that_the_client_does_not_record_is_handed_on_unrecorded(
    client: httpx.AsyncClient, spans: Spans
) -> None:
    own = (await client.get(f"{PREFIX}/trace", headers={"traceparent": f"{PARENT[:-2]}00"})).json()
    assert spans.finished == ()
    assert (own[3:35], own[-2:]) == (TRACE, "00")


async def test_a_header_that_is_no_trace_begins_one(client: httpx.AsyncClient, spans: Spans) -> None:
    own = (await client.get(f"{PREFIX}/trace", headers={"traceparent": "nonsense"})).json()
    assert own[3:35] == f"{only(spans.finished).context.trace_id:032x}"


SCRIPT = """
from types import SimpleNamespace
from shared.http.telemetry import record
from shared.observability.logging import configure_logging
from shared.settings import LogFormat
configure_logging("info", LogFormat.JSON, "demo")
scope = {{"method": "GET", "route": SimpleNamespace(path={route!r}), "path": {route!r}}}
record(scope, {status}, 0.001, True)
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
