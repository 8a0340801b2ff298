"""What a process writes: one JSON object a line, whoever logs it, and no secret in it.

Logging is set up once a process, so each case is a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import orjson
import pytest

SETUP = """
import logging, warnings
from shared.observability.logging import configure_logging, current_request_id, get_logger
from shared.observability.tracing import enter_trace
from shared.settings import LogFormat
configure_logging("info", LogFormat.{format}, "demo")
log = get_logger("demo.module")
"""


def run(script: str, log_format: str = "JSON") -> str:
    done = subprocess.run(
        [sys.executable, "-c", SETUP.format(format=log_format) + script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def lines(script: str, log_format: str = "JSON") -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in run(script, log_format).splitlines()]


def test_a_line() -> None:
    [line] = lines("log.info('it happened', count=3)")
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "event": "it happened",
        "level": "info",
        "service": "demo",
        "logger_name": "demo.module",
        "count": 3,
    }


def test_a_line_inside_a_request() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    [line] = lines(
        f"current_request_id.set('r1'); enter_trace('00-{trace}-00f067aa0ba902b7-01'); log.warning('it')"
    )
    assert (line["request_id"], line["trace_id"], line["level"]) == ("r1", trace, "warning")


def test_a_line_inside_a_handler_of_events() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    script = f"""
from shared.observability.tracing import continue_trace
with continue_trace({parent!r}):
    log.info("it")
log.info("later")
"""
    inside, later = lines(script)
    assert inside["trace_id"] == parent[3:35]
    assert "request_id" not in inside
    assert "trace_id" not in later


def test_what_libraries_log_looks_the_same() -> None:
    [line] = lines(
        "logging.getLogger('some.library').warning('hello %s', 'you', extra={'password': 'hunter2'})"
    )
    assert (line["event"], line["level"], line["service"]) == ("hello you", "warning", "demo")
    assert line["password"] == "[redacted]"


def test_uvicorn_logs_through_it() -> None:
    [line] = lines("logging.getLogger('uvicorn.error').error('Exception in ASGI application')")
    assert line["event"] == "Exception in ASGI application"


def test_warnings_are_logged() -> None:
    [line] = lines("warnings.warn('careful')")
    assert "careful" in line["event"]


@pytest.mark.parametrize("library", ["nats", "httpx", "elastic_transport.node", "uvicorn.error"])
def test_chatty_libraries_are_quiet(library: str) -> None:
    assert run(f"logging.getLogger('{library}').info('chat')") == ""


def test_what_is_below_the_level_is_not_written() -> None:
    assert run("log.debug('detail')") == ""


def test_a_traceback_is_one_line_without_secrets() -> None:
    script = """
try:
    raise RuntimeError('at redis://:hunter2@cache')
except RuntimeError:
    log.exception('bad')
"""
    [line] = lines(script)
    assert line["level"] == "error"
    assert "RuntimeError" in line["exception"]
    assert "hunter2" not in line["exception"]


def test_a_traceback_on_the_console_has_no_secrets() -> None:
    script = """
for logger in (log, logging.getLogger('some.library')):
    try:
        raise RuntimeError('at redis://:hunter2@cache')
    except RuntimeError:
        logger.exception('bad')
"""
    text = run(script, "CONSOLE")
    assert text.count("RuntimeError: at redis://:[redacted]@cache") == 2
    assert "hunter2" not in text


def test_values_that_json_does_not_know_are_shown_as_text() -> None:
    [line] = lines("log.info('odd', value={1, 2}, other=object)")
    assert line["value"] == "{1, 2}"


def test_the_console_is_for_people() -> None:
    text = run("log.info('it happened', password='hunter2')", "CONSOLE")
    assert "it happened" in text
    assert "hunter2" not in text
    assert not text.startswith("{")


def test_without_a_terminal_it_is_json() -> None:
    assert lines("log.info('it')", "AUTO")[0]["event"] == "it"
