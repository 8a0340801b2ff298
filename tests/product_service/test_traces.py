"""One trace connects a request with the handlers of its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from product_service.main import create_app
from shared.events.envelope import Event
from shared.ids import new_id
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.nats_bus import NatsEventBus
from shared.observability.tracing import current_traceparent
from tests.product_service.conftest import MakeSettings
from tests.product_service.editors import Editor
from tests.support.apps import running
from tests.support.events import running_bus
from tests.support.spans import Spans
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

CREATE, HANDLE = "POST /api/v1/products", "handle product.created"


@pytest.fixture
async def editor(product_settings: MakeSettings, tokens: TokenIssuer, spans: Spans) -> AsyncIterator[Editor]:
    """Somebody who changes the catalogue of a service that exports its spans."""
    settings = product_settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318")
    async with running(create_app(settings)) as client:
        yield Editor(client, tokens.issue(role="admin"))


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[NatsEventBus]:
    """Another service's."""
    async with running_bus(nats_url, policy=RetryPolicy(delays=(60.0,), outage_seconds=0.0)) as started:
        yield started


def parent_of(span: ReadableSpan) -> tuple[int, int]:
    assert span.parent is not None
    return span.parent.trace_id, span.parent.span_id


async def test_a_handler_goes_on_in_the_trace_of_the_request(
    editor: Editor, bus: NatsEventBus, spans: Spans
) -> None:
    seen: dict[str, str | None] = {}

    async def handle(event: Event) -> None:
        seen[event.entity_id] = current_traceparent()

    await bus.subscribe(consumer := new_id(), {"shop.product.created.*": handle})
    added = await editor.add()

    def handled() -> list[ReadableSpan]:
        subject = f"shop.product.created.{added['id']}"
        found = spans.named(HANDLE)
        return [span for span in found if (span.attributes or {})["messaging.destination.name"] == subject]

    await eventually(handled)
    [request], [handling] = spans.named(CREATE), handled()
    assert parent_of(handling) == (request.context.trace_id, request.context.span_id)
    assert handling.kind is SpanKind.CONSUMER
    attributes = dict(handling.attributes or {})
    assert attributes["messaging.system"] == "nats"
    assert attributes["messaging.consumer.group.name"] == consumer
    own = f"{handling.context.trace_id:032x}-{handling.context.span_id:016x}"
    assert str(seen[added["id"]])[3:52] == own


async def test_requests_that_are_written_together_keep_their_traces_apart(
    editor: Editor, bus: NatsEventBus, spans: Spans
) -> None:
    events: dict[str, str | None] = {}

    async def handle(event: Event) -> None:
        events[event.entity_id] = event.traceparent

    await bus.subscribe(new_id(), {"shop.product.created.*": handle})
    added = await asyncio.gather(*(editor.add() for _ in range(8)))
    await eventually(lambda: {each["id"] for each in added} <= events.keys())
    requests = {f"{span.context.trace_id:032x}-{span.context.span_id:016x}" for span in spans.named(CREATE)}
    assert len(requests) == 8
    assert {str(events[each["id"]])[3:52] for each in added} == requests


async def test_a_handler_that_fails_marks_its_span_without_the_message(
    editor: Editor, bus: NatsEventBus, spans: Spans
) -> None:
    async def handle(event: Event) -> None:
        raise LookupError(f"hunter2 has no {event.entity_id}")

    await bus.subscribe(new_id(), {"shop.product.created.*": handle})
    await editor.add()
    await eventually(lambda: spans.named(HANDLE))
    for span in spans.named(HANDLE):
        assert span.status.status_code is StatusCode.ERROR
        assert (span.attributes or {})["error.type"] == "LookupError"
        assert "hunter2" not in span.to_json()
