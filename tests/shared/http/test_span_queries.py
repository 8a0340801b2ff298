"""No span tells what a query holds."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.shared.http.demo import DemoSettings, create_app
from tests.support.apps import running


async def test_a_query_is_in_no_span(settings: DemoSettings) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with running(create_app(settings, tracer_provider=provider)) as client:
        answer = await client.get("/api/v1/demo/words/a?q=secret-ticket")
        assert answer.json() == ["a", "secret-ticket"]
    spans = [span.to_json() for span in exporter.get_finished_spans()]
    assert any("/words/a" in span for span in spans)
    assert not any("secret-ticket" in span for span in spans)
