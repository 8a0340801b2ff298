"""W3C trace context: which request, or event, the running code works for.

https://www.w3.org/TR/trace-context/. Without OpenTelemetry the ids are made and handed on, so that logs and
events of one request can be joined; with it (`shared.observability.otel`) they are also exported as spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from random import getrandbits
from typing import Any, Protocol

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def parse_traceparent(header: str) -> tuple[str, str, str] | None:
    """Trace id, parent span id and flags of a `traceparent` header; None where it has to be ignored."""
    match = _TRACEPARENT.fullmatch(header.strip())
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return trace_id, span_id, flags


def new_traceparent(parent: str | None = None) -> str:
    """The next span's `traceparent`: in the parent's trace, or in a new one without a valid parent."""
    span_id = f"{getrandbits(64) or 1:016x}"
    known = parse_traceparent(parent) if parent else None
    if known is None:
        return f"00-{getrandbits(128) or 1:032x}-{span_id}-01"
    return f"00-{known[0]}-{span_id}-{known[2]}"


def current_traceparent() -> str | None:
    """The `traceparent` to hand on with events and requests that the running code causes."""
    return _current.get()


def current_trace_id() -> str | None:
    """The trace id, as logs show it."""
    traceparent = _current.get()
    return traceparent[3:35] if traceparent else None


class Span(Protocol):
    """A piece of work under way."""

    @property
    def traceparent(self) -> str: ...

    def end(self, attributes: Mapping[str, Any], error: BaseException | None = None) -> None:
        """Says that the work is over; attributes are named by OpenTelemetry's semantic conventions."""
        ...


class Tracer(Protocol):
    """Starts spans. `kind` is `server` for requests and `consumer` for events."""

    def start(self, name: str, kind: str, parent: str | None) -> Span: ...


class PlainSpan:
    """A span that nobody collects."""

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    def end(self, attributes: Mapping[str, Any], error: BaseException | None = None) -> None:
        """There is nothing to report to."""


class PlainTracer:
    """Makes ids and exports nothing."""

    def start(self, name: str, kind: str, parent: str | None) -> Span:  # noqa: ARG002 (the port's signature)
        return PlainSpan(new_traceparent(parent))


_tracer: Tracer = PlainTracer()


def use_tracer(tracer: Tracer) -> None:
    """Sets the process's tracer, at start; like OpenTelemetry's own provider there is one a process."""
    global _tracer  # noqa: PLW0603 (tracing crosses all layers; handing it through each would be noise)
    _tracer = tracer


def start_span(name: str, kind: str, parent: str | None) -> Span:
    """Starts a span with the process's tracer; it is not the current one until `enter_trace`."""
    return _tracer.start(name, kind, parent)


def enter_trace(traceparent: str) -> Token[str | None]:
    """Makes it the current one until `leave_trace`, in this task and those it starts."""
    return _current.set(traceparent)


def leave_trace(token: Token[str | None]) -> None:
    _current.reset(token)


@contextmanager
def continue_trace(parent: str | None, name: str = "handle") -> Iterator[str]:
    """Works on behalf of `parent` (an event's `traceparent`); gives the span's own `traceparent`."""
    span = start_span(name, "consumer", parent)
    token = enter_trace(span.traceparent)
    try:
        yield span.traceparent
    except BaseException as error:
        span.end({}, error)
        raise
    else:
        span.end({})
    finally:
        leave_trace(token)
