"""The one middleware: request id, trace, body limit, problem documents, metrics and the access log.

It is one plain ASGI middleware instead of six, because each layer costs every request some microseconds.
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import quote

from opentelemetry import trace
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import MalformedRequest, NotFound, Unavailable
from shared.http.admission import FREE_BYTES, Admission, large_answer, send_large
from shared.http.body_limit import BodyLimit
from shared.http.content_coding import GzipBody, accepts_gzip, is_gzip
from shared.http.etag import for_coding
from shared.http.problem import HeadTooLarge, UnexpectedError, UriTooLong, encode_problem, problem_headers
from shared.http.runtime import Runtime
from shared.http.telemetry import describe_span, loggable_path, record
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
_CLIENT_LEFT = 499  # nginx's number, for logs and metrics only

log = get_logger(__name__)


class ServiceMiddleware:
    """Every request passes through it, in and out. It answers every error as a problem document."""

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
        request = _RequestHandling(self, scope, receive, send)
        try:
            await request.run()
        finally:
            self.admission.in_flight -= 1
            if request.reserved_bytes:
                self.admission.release(request.reserved_bytes)


class _RequestHandling:
    """One request and its answer."""

    __slots__ = (
        "announced",
        "answered_at",
        "content_encoding",
        "head_bytes",
        "is_large_answer",
        "middleware",
        "path",
        "raw_path",
        "receive",
        "request_id",
        "reserved_bytes",
        "scope",
        "send",
        "started_at",
        "status",
        "traceparent",
    )

    def __init__(self, middleware: ServiceMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        self.middleware = middleware
        self.scope = scope
        self.path: str = scope["path"][:_LONGEST_SHOWN]
        self.raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        self.send = send
        self.receive = receive
        self.status = 0
        self.reserved_bytes = 0
        self.is_large_answer = False
        self.started_at = time.perf_counter()
        self.answered_at: float | None = None

    async def run(self) -> None:
        self._read_headers()
        request_token = current_request_id.set(self.request_id)
        trace_token = enter_trace(self.traceparent)
        try:
            self._refuse_early()
            await self.middleware.app(self.scope, self.receive, self._send)
        except ClientDisconnect:
            self.status = self.status or _CLIENT_LEFT
        except asyncio.CancelledError:
            # The time to drain is over. The server is ending this task and would answer a bare 500.
            await self._fail(
                Unavailable("The service shut down before the request was done. Try again.", retry_after=1)
            )
        except Exception as error:
            await self._fail(error)
        finally:
            if self.middleware.collects_spans and self.answered_at is None:
                describe_span(self.scope)
            record(
                self.scope,
                self.status or _CLIENT_LEFT,
                (self.answered_at or time.perf_counter()) - self.started_at,
                self.middleware.log_requests,
            )
            leave_trace(trace_token)
            current_request_id.reset(request_token)

    def _read_headers(self) -> None:
        request_id = traceparent = content_encoding = None
        has_body = False
        self.head_bytes = self.announced = 0
        for name, value in self.scope["headers"]:
            self.head_bytes += len(name) + len(value)
            if name == b"x-request-id":
                request_id = value
            elif name == b"traceparent":
                traceparent = value[:_LONGEST_TRACEPARENT].decode("latin-1")
            elif name == b"content-encoding":
                content_encoding = value if content_encoding is None else content_encoding + b"," + value
            elif name == b"content-length":
                has_body = True
                self.announced = int(value[:20]) if value.isdigit() else 0
            elif name == b"transfer-encoding":
                has_body = True
        self.content_encoding = content_encoding if has_body else None
        if has_body:
            self._limit_body(self.receive)
        self.request_id = request_id_from(request_id)
        self.scope.setdefault("state", {})["request_id"] = self.request_id
        self.traceparent = self._traceparent(traceparent)

    def _traceparent(self, parent: str | None) -> str:
        if self.middleware.collects_spans:
            # FastAPI itself started this span, outside of this middleware.
            context = trace.get_current_span().get_span_context()
            if context.is_valid:
                return format_traceparent(context.trace_id, context.span_id, context.trace_flags)
        return new_traceparent(parent)

    def _refuse_early(self) -> None:
        middleware = self.middleware
        if len(self.raw_path) + len(self.scope["query_string"]) > _LONGEST_ADDRESS:
            raise UriTooLong(f"The address is longer than {_LONGEST_ADDRESS} bytes. Ask for less at a time.")
        if self.head_bytes > _LARGEST_HEAD:
            raise HeadTooLarge
        if not self.path.startswith(middleware.never_refused):
            middleware.admission.check()
            if self.head_bytes > FREE_BYTES:
                self._reserve(self.head_bytes)
        if b"%" in self.raw_path:
            self._refuse_two_readings()
        if self.content_encoding is not None and is_gzip(self.content_encoding.decode("latin-1")):
            self._limit_body(GzipBody(self.receive).receive)  # the same limit as for the compressed body
        if (
            not middleware.runtime.ready
            and self.path.startswith(middleware.prefix)
            and not self.path.startswith(middleware.always_open)
        ):
            raise middleware.runtime.not_ready()

    def _refuse_two_readings(self) -> None:
        if "\x00" in self.scope["path"]:
            raise MalformedRequest("The path has a NUL character. Remove %00.")
        if b"%2F" in self.raw_path.upper():
            # Decoded, it would be another path than the gateway checked.
            raise NotFound("There is nothing at this path. Ids have no slash: do not send %2F.")

    def _limit_body(self, receive: Receive) -> None:
        limit = BodyLimit(self.scope, receive, self.middleware.body_limit, self.announced, self._reserve)
        self.receive = limit.receive

    def _reserve(self, size: int) -> None:
        self.reserved_bytes += self.middleware.admission.reserve(size)

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if length := large_answer(self.scope, message):
                self._reserve(length)
                self.is_large_answer = True
            self.status = message["status"]
            self.answered_at = time.perf_counter()  # an answer that streams may go on for hours
            if self.middleware.collects_spans:  # FastAPI ends the span with the answer
                describe_span(self.scope)
            headers = message.get("headers", ())
            if any(name == b"etag" for name, _ in headers):
                headers = for_coding(headers, gzip=accepts_gzip(self.scope["headers"]))
            headers = [*headers, (b"x-request-id", self.request_id.encode())]
            if self.middleware.runtime.draining.is_set():
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
            log.error(
                "request failed", method=self.scope["method"], path=loggable_path(self.scope), exc_info=error
            )
            known = UnexpectedError()
        elif known.public_detail is not None:
            log.warning(
                "request refused",
                method=self.scope["method"],
                path=loggable_path(self.scope),
                reason=known.detail,
            )
        if self.status:
            return  # too late to answer: the server closes the connection of an unfinished answer
        body = encode_problem(known, self.raw_path[:_LONGEST_SHOWN].decode("latin-1"), self.request_id)
        start = {
            "type": "http.response.start",
            "status": known.status,
            "headers": problem_headers(known, body),
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
