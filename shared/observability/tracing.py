"""The W3C trace context of the request or event that the running code handles.

https://www.w3.org/TR/trace-context/. Ids are always made and passed on, so they connect the logs and events
of one request. With the `tracing` extra and OTEL_EXPORTER_OTLP_ENDPOINT they are also exported as spans:
FastAPI itself makes those of requests (`shared.http.telemetry`), `continue_trace` makes those of events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from random import getrandbits

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def parse_traceparent(header: str) -> tuple[str, str, str] | None:
    """Trace id, parent span id and flags of a `traceparent` header; None if it has to be ignored."""
    match = _TRACEPARENT.fullmatch(header.strip())
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return trace_id, span_id, flags


def new_traceparent(parent: str | None = None) -> str:
    """The `traceparent` of the next span: in the parent's trace, or in a new one without a valid parent."""
    span_id = f"{getrandbits(64) or 1:016x}"
    known = parse_traceparent(parent) if parent else None
    if known is None:
        return f"00-{getrandbits(128) or 1:032x}-{span_id}-01"
    return f"00-{known[0]}-{span_id}-{known[2]}"


def format_traceparent(trace_id: int, span_id: int, flags: int) -> str:
    """The header for the ids of an OpenTelemetry span."""
    return f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}"


def current_traceparent() -> str | None:
    """The `traceparent` for the events and requests that the running code causes."""
    return _current.get()


def current_trace_id() -> str | None:
    """The trace id, as logs show it."""
    traceparent = _current.get()
    return traceparent[3:35] if traceparent else None


def enter_trace(traceparent: str) -> Token[str | None]:
    """Makes it the current one until `leave_trace`, in this task and in the tasks that it starts."""
    return _current.set(traceparent)


def leave_trace(token: Token[str | None]) -> None:
    _current.reset(token)


@contextmanager
def continue_trace(
    parent: str | None, name: str = "handle event", attributes: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Runs the block in the trace of `parent` (an event's `traceparent`). Yields the span's `traceparent`.

    An exception, or `mark_failed`, marks the span with the type of the error only, because its message may
    contain secrets.
    """
    tracer = trace.get_tracer("trolley")
    with tracer.start_as_current_span(
        name,
        _context_of(parent),
        SpanKind.CONSUMER,
        attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        context = span.get_span_context()
        # Without the SDK the "new" span is the parent itself, or none.
        is_new = context.is_valid and not context.is_remote
        own = format_traceparent(context.trace_id, context.span_id, context.trace_flags)
        token = enter_trace(own if is_new else new_traceparent(parent))
        try:
            yield _current.get() or own
        except Exception as error:
            mark_failed(error)
            raise
        finally:
            leave_trace(token)


def mark_failed(error: Exception) -> None:
    """Marks the current span as failed."""
    span = trace.get_current_span()
    span.set_attribute("error.type", type(error).__qualname__)
    span.set_status(StatusCode.ERROR)


def _context_of(parent: str | None) -> Context | None:
    """The remote parent as a context of OpenTelemetry."""
    known = parse_traceparent(parent) if parent else None
    if known is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in known)
    return trace.set_span_in_context(
        NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags)))
    )
