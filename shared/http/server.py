"""Runs an application with uvicorn, and ends it gracefully."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TypeVar

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from shared.http.protocol import ServiceProtocol
from shared.http.runtime import Runtime
from shared.observability.logging import configure_logging, get_logger
from shared.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)

KEEP_ALIVE_SECONDS = 120
"""Longer than the gateway keeps an idle connection (`idleConnTimeout`), so that the gateway closes it. A
service that closes it first may lose the request that is on its way."""

log = get_logger(__name__)


def run(app: FastAPI, settings: ServiceSettings, port_setting: str) -> None:
    """Serves until SIGTERM or SIGINT. `port_setting` names the setting with the port (`cart_port`). If the
    port is taken, the process ends with status 1 and one line that says which variable to change. If the
    start fails and not because a backend is away, the process ends with status 1 after a line in the log."""
    port = int(getattr(settings, port_setting))
    name = app.state.prefix.rpartition("/")[2]
    configure_logging(settings.log_level, settings.log_format, name)
    if settings.otel_exporter_otlp_endpoint:
        os.environ.setdefault("OTEL_SERVICE_NAME", f"trolley-{name}")
    listener = _listen(settings.http_host, port, port_setting.upper())
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=ServiceProtocol,
        lifespan="on",
        timeout_graceful_shutdown=settings.http_drain_seconds,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="none",
    )
    _calm_collector()
    log.info("listening", address=f"http://{settings.http_host}:{port}", pid=os.getpid())
    runtime = app.state.runtime
    DrainingServer(config, runtime, settings.http_drain_delay_seconds).run(sockets=[listener])
    if runtime.failed:
        raise SystemExit(1)


def run_service(
    settings_type: type[Settings], create_app: Callable[[Settings], FastAPI], port_setting: str
) -> None:
    """Reads the settings and runs the application; `__main__.py` does nothing else. Invalid settings end the
    process with status 1 and a line for each."""
    try:
        settings = settings_type()
    except ValidationError as error:
        _end("\n".join(_describe(error)))
    run(create_app(settings), settings, port_setting)


def _calm_collector() -> None:
    """Makes garbage collection rare. Requests make hardly any cycles, and the modules stay. With Python's
    defaults the collector takes a fifth of the time of a cart's write."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _describe(error: ValidationError) -> list[str]:
    return [
        f"{'_'.join(str(step) for step in item['loc']).upper() or 'Settings'}: "
        f"{item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False)
    ]


def _listen(host: str, port: int, setting: str) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        _end(f"Port {port} on {host} {reason}: set {setting} to another port.")


def _end(message: str) -> NoReturn:
    print(message, file=sys.stderr)  # noqa: T201 (for a person at a terminal, before logging starts)
    raise SystemExit(1)


class DrainingServer(uvicorn.Server):
    """At the first signal readiness fails, and answers close their connections. After the delay the listeners
    close, and running requests have `timeout_graceful_shutdown` to finish. A second signal ends the process
    at once."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime, delay_seconds: float) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._delay_seconds = delay_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._runtime.failed

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the base's signature)
        # Uvicorn's method would raise the signal again at the end, and the process would not end with status
        # 0.
        if self._loop is None or self._runtime.draining.is_set():
            self.should_exit = self.force_exit = True
        else:
            self._loop.call_soon_threadsafe(self._drain, signal.Signals(sig).name)

    def _drain(self, reason: str) -> None:
        log.info("draining", signal=reason)
        self._runtime.draining.set()
        asyncio.get_running_loop().call_later(self._delay_seconds, self._close)

    def _close(self) -> None:
        self.should_exit = True
