"""Log lines for a person at a terminal: what happened, on one short line. The rest is in the JSON logs."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

REQUEST = "request"
_LEFT_OUT = frozenset({"timestamp", "level", "service", "event", "logger_name", "request_id", "trace_id"})
_LAST = ("exception", "stack")


def render_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """The structlog renderer: `12:00:01 cart  POST /api/v1/cart/items  200  9 ms`; of anything but a request,
    `12:00:01 cart  warning: NATS is away  servers=…`. Tracebacks follow on lines of their own."""
    time = datetime.fromisoformat(event["timestamp"]).astimezone().strftime("%H:%M:%S")
    told = _request(event) if event["event"] == REQUEST else _anything(event)
    last = [str(event[name]) for name in _LAST if event.get(name)]
    return "\n".join([f"{time} {event['service']}  {told}", *last])


def _request(event: MutableMapping[str, Any]) -> str:
    milliseconds = event["ms"]
    took = f"{milliseconds:.0f}" if milliseconds >= 1 else f"{milliseconds:.1f}"
    return f"{event['method']} {_printable(event['path'])}  {event['status']}  {took} ms"


def _anything(event: MutableMapping[str, Any]) -> str:
    level = event["level"]
    told = _printable(str(event["event"]))
    fields = [
        f"{name}={_printable(str(value))}"
        for name, value in event.items()
        if name not in _LEFT_OUT and name not in _LAST and not name.startswith("_") and value is not None
    ]
    return "  ".join([told if level in ("info", "debug") else f"{level}: {told}", *fields])


def _printable(text: str) -> str:
    """What a client sends must not move the cursor of whoever reads the log."""
    return text if text.isprintable() else ascii(text)[1:-1]
