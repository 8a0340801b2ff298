"""Logs: JSON in containers, text on a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import structlog
from structlog.typing import Processor

from shared.observability.redaction import redact_secrets
from shared.observability.tracing import current_trace_id
from shared.settings import LogFormat

REQUEST = "request"
_LEFT_OUT = frozenset({"timestamp", "level", "service", "event", "logger_name", "request_id", "trace_id"})
_LAST = ("exception", "stack")


def render_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """The structlog renderer. A request is `12:00:01 cart  POST /api/v1/cart/items  200  9 ms`, another event
    is `12:00:01 cart  warning: NATS is away  servers=…`. Tracebacks follow on separate lines."""
    time = datetime.fromisoformat(event["timestamp"]).astimezone().strftime("%H:%M:%S")
    text = _request(event) if event["event"] == REQUEST else _anything(event)
    last = [str(event[name]) for name in _LAST if event.get(name)]
    return "\n".join([f"{time} {event['service']}  {text}", *last])


def _request(event: MutableMapping[str, Any]) -> str:
    milliseconds = event["ms"]
    took = f"{milliseconds:.0f}" if milliseconds >= 1 else f"{milliseconds:.1f}"
    return f"{event['method']} {_printable(event['path'])}  {event['status']}  {took} ms"


def _anything(event: MutableMapping[str, Any]) -> str:
    level = event["level"]
    text = _printable(str(event["event"]))
    fields = [
        f"{name}={_printable(str(value))}"
        for name, value in event.items()
        if name not in _LEFT_OUT and name not in _LAST and not name.startswith("_") and value is not None
    ]
    return "  ".join([text if level in ("info", "debug") else f"{level}: {text}", *fields])


def _printable(text: str) -> str:
    """Text from a client must not move the cursor of a terminal that shows the log."""
    return text if text.isprintable() else ascii(text)[1:-1]


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module: `log = get_logger(__name__)`, then `log.info("what happened", key=value)`."""
    return cast(structlog.typing.FilteringBoundLogger, structlog.get_logger(logger_name=name))


current_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Their lines at `info`, for each request and reconnect, repeat our own.
_QUIET_LIBRARIES = ("elastic_transport", "httpx", "httpcore", "nats", "asyncio", "uvicorn")


def _add_context(service: str) -> Processor:
    """One step instead of five, because every request logs a line."""

    def add(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        event["level"] = "error" if method == "exception" else method
        event["service"] = service
        request_id = current_request_id.get()
        if request_id is not None:
            event["request_id"] = request_id
        trace_id = current_trace_id()
        if trace_id is not None:
            event["trace_id"] = trace_id
        return event

    return add


def _to_json(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS)


def _to_json_text(event: Any, **_: Any) -> str:
    return _to_json(event).decode()


def _render_json(bytes_out: bool) -> Processor:
    serializer = _to_json if bytes_out else _to_json_text
    return cast(Processor, structlog.processors.JSONRenderer(serializer=serializer))


def _chain(service: str) -> list[Processor]:
    return [_add_context(service), structlog.processors.format_exc_info, redact_secrets]


def configure_logging(level: str, log_format: LogFormat, service: str) -> None:
    """Sets up the logging of the process on standard output. Call it once. `level` is in lower case."""
    as_json = log_format is LogFormat.JSON or (log_format is LogFormat.AUTO and not sys.stdout.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    chain = _chain(service)
    structlog.configure(
        processors=[*chain, _render_json(bytes_out=True) if as_json else render_line],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # Bytes without the standard library, where an access line costs 30 microseconds.
        logger_factory=structlog.BytesLoggerFactory() if as_json else structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _route_standard_library(number, chain, _render_json(bytes_out=False) if as_json else render_line)


def _route_standard_library(level: int, chain: list[Processor], renderer: Processor) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*chain[:-1], structlog.stdlib.ExtraAdder(), chain[-1]],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
