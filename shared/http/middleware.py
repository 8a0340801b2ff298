"""The one middleware: request id, trace, body limit, problem documents, metrics and the access line.

It is plain ASGI, and one instead of six, since each layer costs every request some microseconds.
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import quote

from opentelemetry import trace
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import MalformedRequest, NotFound, Unavailable
from shared.http.access_log import record
from shared.http.admission import FREE_BYTES, Admission, large_answer, send_large
from shared.http.body_limit import decoded_body, limited_body
from shared.http.content_coding import accepts_gzip, is_gzip
from shared.http.etag import for_coding
from shared.http.problem import HeadTooLarge, UnexpectedError, UriTooLong, encode_problem, problem_headers
from shared.http.runtime import Runtime
from shared.http.spans import describe_span
from shared.http.validation import known_error
from shared.ids import request_id_from
from shared.observability.logging import current_request_id, get_logger
from shared.observability.metrics import HTTP_ERRORS, HTTP_IN_FLIGHT
from shared.observability.tracing import enter_trace, format_traceparent, leave_trace, new_traceparent
from shared.settings import ServiceSettings

_LONGEST_ADDRESS = 32_768
_LARGEST_HEAD = 32_768
_LONGEST_SHOWN = 2048
_LONGEST_TRACEPARENT = 512
_CLIENT_LEFT = 499  # nginx's number for it; nobody receives it

log = get_logger(__name__)


class ServiceMiddleware:
    """What every request passes, in and out. Whatever is raised below ends here as a problem document."""

    def __init__(
        self, app: ASGIApp, runtime: Runtime, settings: ServiceSettings, *, prefix: str, collects_spans: bool
    ) -> None:
        self.app = app
        self.runtime = runtime
        self.body_limit = settings.http_body_limit_bytes
        self.log_requests = settings.log_requests
        self.collects_spans = collects_spans
        self.prefix = prefix
        self.always_open = (f"{prefix}/health/", f"{prefix}/openapi.json")
        self.never_refused = f"{prefix}/health/"
        self.admission = Admission(settings)
        HTTP_IN_FLIGHT.set_function(lambda: self.admission.in_flight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.admission.in_flight += 1
        self.runtime.requests += 1
        exchange = _RequestHandling(self, scope, receive, send)
        try:
            await exchange.run()
        finally:
            self.admission.in_flight -= 1
            if exchange.held_bytes:
                self.admission.release(exchange.held_bytes)


class _RequestHandling:
    """One request and its answer."""

    __slots__ = (
        "answered_at",
        "boundary",
        "content_encoding",
        "head_bytes",
        "held_bytes",
        "is_large_answer",
        "path",
        "raw_path",
        "receive",
        "request_id",
        "scope",
        "send",
        "started_at",
        "status",
        "traceparent",
    )

    def __init__(self, boundary: ServiceMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        self.boundary = boundary
        self.scope = scope
        self.path: str = scope["path"][:_LONGEST_SHOWN]
        self.raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        self.send = send
        self.receive = receive
        self.status = 0
        self.held_bytes = 0
        self.is_large_answer = False
        self.started_at = time.perf_counter()
        self.answered_at: float | None = None

    async def run(self) -> None:
        self._read_headers()
        request_token = current_request_id.set(self.request_id)
        trace_token = enter_trace(self.traceparent)
        try:
            self._refuse_early()
            await self.boundary.app(self.scope, self.receive, self._send)
        except ClientDisconnect:
            self.status = self.status or _CLIENT_LEFT
        except asyncio.CancelledError:
            # The time to drain is over. The server is about to end this task and would answer a bare 500.
            await self._fail(
                Unavailable("The service ended before the request did. Try again.", retry_after=1)
            )
        except Exception as error:
            await self._fail(error)
        finally:
            if self.boundary.collects_spans and self.answered_at is None:
                describe_span(self.scope)
            record(
                self.scope,
                self.path,
                self.status or _CLIENT_LEFT,
                (self.answered_at or time.perf_counter()) - self.started_at,
                self.boundary.log_requests,
            )
            leave_trace(trace_token)
            current_request_id.reset(request_token)

    def _read_headers(self) -> None:
        request_id = traceparent = content_encoding = None
        has_body = False
        self.head_bytes = 0
        for name, value in self.scope["headers"]:
            self.head_bytes += len(name) + len(value)
            if name == b"x-request-id":
                request_id = value
            elif name == b"traceparent":
                traceparent = value[:_LONGEST_TRACEPARENT].decode("latin-1")
            elif name == b"content-encoding":
                content_encoding = value if content_encoding is None else content_encoding + b"," + value
            elif name in (b"content-length", b"transfer-encoding"):
                has_body = True
        self.content_encoding = content_encoding if has_body else None
        if has_body:
            self.receive = limited_body(self.scope, self.receive, self.boundary.body_limit, self._hold)
        self.request_id = request_id_from(request_id)
        self.scope.setdefault("state", {})["request_id"] = self.request_id
        self.traceparent = self._traceparent(traceparent)

    def _traceparent(self, parent: str | None) -> str:
        if self.boundary.collects_spans:
            # FastAPI itself started this span, outside of this middleware.
            context = trace.get_current_span().get_span_context()
            if context.is_valid:
                return format_traceparent(context.trace_id, context.span_id, context.trace_flags)
        return new_traceparent(parent)

    def _refuse_early(self) -> None:
        boundary = self.boundary
        if len(self.raw_path) + len(self.scope["query_string"]) > _LONGEST_ADDRESS:
            raise UriTooLong(f"The address is longer than {_LONGEST_ADDRESS} bytes. Ask for less at a time.")
        if self.head_bytes > _LARGEST_HEAD:
            raise HeadTooLarge
        if not self.path.startswith(boundary.never_refused):
            boundary.admission.check()
            if self.head_bytes > FREE_BYTES:
                self._hold(self.head_bytes)
        if b"%" in self.raw_path:
            self._refuse_two_readings()
        if self.content_encoding is not None and is_gzip(self.content_encoding.decode("latin-1")):
            self.receive = decoded_body(self.scope, self.receive, boundary.body_limit, self._hold)
        if (
            not boundary.runtime.ready
            and self.path.startswith(boundary.prefix)
            and not self.path.startswith(boundary.always_open)
        ):
            raise boundary.runtime.not_ready()

    def _refuse_two_readings(self) -> None:
        if "\x00" in self.scope["path"]:
            raise MalformedRequest("The path holds a NUL character.")
        if b"%2F" in self.raw_path.upper():
            # Decoded, it would be another path than the one that the gateway looked at.
            raise NotFound("There is nothing at this path: no id of the shop holds a slash.")

    def _hold(self, size: int) -> None:
        self.held_bytes += self.boundary.admission.hold(size)

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if length := large_answer(self.scope, message):
                self._hold(length)
                self.is_large_answer = True
            self.status = message["status"]
            self.answered_at = time.perf_counter()  # an answer that streams may go on for hours
            if self.boundary.collects_spans:  # FastAPI ends the span with the answer
                describe_span(self.scope)
            headers = message.get("headers", ())
            if any(name == b"etag" for name, _ in headers):
                headers = for_coding(headers, gzip=accepts_gzip(self.scope["headers"]))
            headers = [*headers, (b"x-request-id", self.request_id.encode())]
            if self.boundary.runtime.draining.is_set():
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        elif self.is_large_answer and not message.get("more_body"):
            await send_large(self.send, message)
            return
        await self.send(message)

    async def _fail(self, error: Exception) -> None:
        known = known_error(error)
        if known is None:
            HTTP_ERRORS.inc()
            log.error("request failed", method=self.scope["method"], path=self.path, exc_info=error)
            known = UnexpectedError()
        elif known.public_detail is not None:
            log.warning("request refused", method=self.scope["method"], path=self.path, reason=known.detail)
        if self.status:
            return  # too late to tell: the server closes the connection of an unfinished answer
        body = encode_problem(known, self.raw_path[:_LONGEST_SHOWN].decode("latin-1"), self.request_id)
        start = {
            "type": "http.response.start",
            "status": known.status,
            "headers": problem_headers(known, body),
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
