"""With a collector, the spans that FastAPI starts are handed on and named by route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, Tracer, TracerProvider

from tests.shared.http.demo import DemoSettings, create_app
from tests.support.apps import running


class NotedSpan(NonRecordingSpan):
    """A span that notes what it is told; the real one is in the optional SDK."""

    def __init__(self, context: SpanContext) -> None:
        super().__init__(context)
        self.name = ""
        self.attributes: dict[str, Any] = {}

    def update_name(self, name: str) -> None:
        self.name = name

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value


class NotingTracer(Tracer):
    def __init__(self, spans: list[NotedSpan]) -> None:
        self._spans = spans

    def start_span(self, name: str, context: Context | None = None, *_: Any, **__: Any) -> NotedSpan:
        parent = trace.get_current_span(context).get_span_context()
        span = NotedSpan(SpanContext(parent.trace_id or 0xABC, len(self._spans) + 1, False, TraceFlags(1)))
        self._spans.append(span)
        return span

    def start_as_current_span(self, *arguments: Any, **options: Any) -> Any:
        return trace.use_span(self.start_span(*arguments, **options))


class NotingProvider(TracerProvider):
    def __init__(self) -> None:
        self.spans: list[NotedSpan] = []

    def get_tracer(self, *_: Any, **__: Any) -> Tracer:
        return NotingTracer(self.spans)


def named(spans: Sequence[NotedSpan], name: str) -> NotedSpan:
    return next(span for span in spans if span.name == name)


async def test_the_span_of_a_request(settings: DemoSettings) -> None:
    provider = NotingProvider()
    app = create_app(settings, tracer_provider=provider)
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with running(app) as client:
        own = (await client.get("/api/v1/demo/trace", headers={"traceparent": parent})).json()
    span = named(provider.spans, "GET /api/v1/demo/trace")
    assert span.attributes["http.route"] == "/api/v1/demo/trace"
    context = span.get_span_context()
    assert own == f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
    assert f"{context.trace_id:032x}" == parent[3:35]
