"""The processor time of the gateway for one request, and the cost of each setting.

Gateways with other settings take turns before the same trivial service. A difference is the median of those
of each turn. `as it was` is how the gateway ran before decision 30, `proxying alone` is the floor.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.console import Console

from benchmarks.costs import spent
from benchmarks.load import BenchmarkPlan, run
from benchmarks.report import show_table
from benchmarks.scenarios import request
from trolley.local.gateway import ROUTES, STATIC, gateway_program
from trolley.local.ports import free_port
from trolley.local.process import ManagedProcess, Program
from trolley.local.programs import MODULES
from trolley.local.readiness import until_ready

CONNECTIONS = 64
TURN_SECONDS = 1.0
PATH = "/api/v1/cart/summary"
Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """The differences of a gateway from that of the shop: in the static configuration, in texts of the
    dynamic one, and in the environment."""

    static: Change = lambda _static: None
    texts: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def _log_everything(static: dict[str, Any]) -> None:
    headers = {"defaultMode": "drop", "names": {"X-Request-Id": "keep", "User-Agent": "keep"}}
    static["accessLog"] = {**static["accessLog"], "bufferingSize": 0, "fields": {"headers": headers}}


def _label_routers(static: dict[str, Any]) -> None:
    static["metrics"]["prometheus"]["addRoutersLabels"] = True


def _as_it_was(static: dict[str, Any]) -> None:
    _log_everything(static)
    _label_routers(static)


def _observe_nothing(static: dict[str, Any]) -> None:
    del static["accessLog"], static["metrics"]


LARGE_RETRIES = {"maxRequestBodyBytes: 999 ": "maxRequestBodyBytes: 65536 "}
LONGER_CHAIN = {
    "[headers-and-api-policy, cors, problems-and-too-many,": "[headers, api-policy, cors, problems, too-many,"
}
MORE_GARBAGE = {"GOGC": "100", "GOMEMLIMIT": "off"}
NOW, FLOOR = "as it runs", "proxying alone"
SETTINGS: Mapping[str, Setting] = {
    NOW: Setting(),
    "with 64 KiB kept by each retry": Setting(texts=LARGE_RETRIES),
    "with every field logged, at once": Setting(_log_everything),
    "with metrics of each router": Setting(_label_routers),
    "with two middlewares not in one": Setting(texts=LONGER_CHAIN),
    "with garbage collected by default": Setting(environment=MORE_GARBAGE),
    "as it was: with all of these": Setting(_as_it_was, LARGE_RETRIES | LONGER_CHAIN, MORE_GARBAGE),
    FLOOR: Setting(_observe_nothing, {"middlewares: [shop-light-chain]": "middlewares: []"}),
}


async def compare(process: ProcessPoolExecutor, directory: Path, turns: int) -> Mapping[str, list[float]]:
    """Microseconds for one answer, by setting and turn, without the first turn, which warms up."""
    loop = asyncio.get_running_loop()
    costs: dict[str, list[float]] = {name: [] for name in SETTINGS}
    async with AsyncExitStack() as running:
        backend = await _start_backend(running)
        gateways = {
            name: await _start(running, directory / f"gateway-{number}", setting, backend)
            for number, (name, setting) in enumerate(SETTINGS.items())
        }
        for _ in range(turns + 1):
            for name, (pid, port) in gateways.items():
                before = spent(pid)
                load = await loop.run_in_executor(process, run, _plan(port))
                costs[name].append((spent(pid) - before) / load.answers)
    return {name: each[1:] for name, each in costs.items()}


def show(console: Console, costs: Mapping[str, list[float]]) -> None:
    """Prints the processor time for one request, with each setting."""
    rows = {}
    for name, each in costs.items():
        difference = median(other - now for other, now in zip(each, costs[NOW], strict=True))
        rows[name] = [f"{median(each):.0f}", f"{min(each):.0f}", f"{difference:+.0f}" if name != NOW else ""]
    title = f"The gateway's processor time for a GET through the light chain; µs, {len(costs[NOW])} turns"
    show_table(console, title, ("", "median", "least", "difference"), rows)
    ratio = median(now / floor for now, floor in zip(costs[NOW], costs[FLOOR], strict=True))
    console.print(f"{NOW} ÷ {FLOOR}: {ratio:.2f} (wanted: 1.95, which is 150 µs where {FLOOR} takes 77)")


def _plan(port: int) -> BenchmarkPlan:
    return BenchmarkPlan(port, [request("GET", PATH, token="x" * 400)], CONNECTIONS, TURN_SECONDS)


async def _start_backend(running: AsyncExitStack) -> str:
    """Starts a service that always gives the same answer. Returns its address."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.trivial", str(port)]
    await _launch(running, Program("trivial", command, dict(os.environ), Path.cwd()), port)
    return f"http://127.0.0.1:{port}"


async def _start(running: AsyncExitStack, directory: Path, setting: Setting, backend: str) -> tuple[int, int]:
    """Starts a gateway with the setting. Returns its process and port."""
    port, routes = free_port(), directory / "dynamic"
    routes.mkdir(parents=True)
    for name, text in _dynamic(setting).items():
        (routes / name).write_text(text)
    environment = {**os.environ, "GATEWAY_RATE_AVERAGE": "0", **setting.environment}
    servers = {name: [backend] for name in MODULES}
    program = gateway_program(directory, port, free_port(), servers, environment, routes=routes)
    static = orjson.loads((directory / STATIC).read_bytes())
    setting.static(static)
    (directory / STATIC).write_bytes(orjson.dumps(static))
    return await _launch(running, program, port), port


def _dynamic(setting: Setting) -> Mapping[str, str]:
    """The routes and middlewares by file. Raises ValueError if they lack a text that the setting replaces."""
    files = {source.name: source.read_text() for source in ROUTES.iterdir() if source.is_file()}
    for old, new in setting.texts.items():
        if not any(old in text for text in files.values()):
            raise ValueError(f"the gateway's configuration has no {old!r}")
        files = {name: text.replace(old, new) for name, text in files.items()}
    return files


async def _launch(running: AsyncExitStack, program: Program, port: int) -> int:
    started = ManagedProcess(program)
    await started.start()
    running.push_async_callback(started.kill)
    await until_ready({program.name: f"http://127.0.0.1:{port}{PATH}"}, [started], 30)
    assert started.pid is not None
    return started.pid
