"""Starts the whole shop on this machine, and ends all of its processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from trolley.local.environment import development_secrets, note_addresses, prepare_directory
from trolley.local.gateway import ROUTES, gateway_program, keep_bounded
from trolley.local.ports import free_port, require_free
from trolley.local.process import ManagedProcess, Output, discard
from trolley.local.programs import MODULES, nats_program, redis_program, service_program
from trolley.local.readiness import until_ready
from trolley.local.supervisor import Supervisor
from trolley.secrets import nats_url_for

_GRACE_SECONDS = 12.0
_START_SECONDS = 60.0


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _readiness(address: str, service: str) -> str:
    return f"{address}/api/v1/{service}/health/ready"


class LocalStack:
    """Traefik, NATS, Redis and `scale[service]` replicas of each service, with their data in `directory`.

    `environment` is that of the processes (default: that of this process); the stack adds the addresses. A
    NATS_URL or REDIS_URL in it replaces the stack's own server, and an ELASTICSEARCH_URL replaces SQLite.
    Without a `gateway_port` it takes a free one. With `supervise`, crashed processes are started again.
    `routes` is the folder of the gateway's dynamic configuration.
    """

    def __init__(
        self,
        directory: Path,
        *,
        gateway_port: int | None = None,
        scale: Mapping[str, int] | None = None,
        environment: Mapping[str, str] | None = None,
        output: Output = discard,
        supervise: bool = False,
        routes: Path = ROUTES,
    ) -> None:
        self.directory = directory.absolute()
        self.gateway_port = gateway_port or free_port()
        self.internal_port = free_port()
        self.scale = {service: (scale or {}).get(service, 1) for service in MODULES}
        self.environment = dict(os.environ if environment is None else environment)
        self._output = output
        self._routes = routes
        self._supervisor = Supervisor(output) if supervise else None
        self._ports = {name: [free_port() for _ in range(count)] for name, count in self.scale.items()}
        self._processes: dict[str, ManagedProcess] = {}
        self._rotation: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """The address of the shop."""
        return _address(self.gateway_port)

    @property
    def internal_url(self) -> str:
        """The address of the gateway's metrics and dashboard."""
        return _address(self.internal_port)

    async def start(self, timeout_seconds: float = _START_SECONDS) -> None:
        """Returns when every route answers. Raises `LocalRunFailed`; then no process is running."""
        require_free(self.gateway_port, "GATEWAY_PORT")
        prepare_directory(self.directory)
        try:
            await self._start_servers()
            await self._start_services()
            everything = self._processes.values()
            await until_ready(self._replicas(), everything, timeout_seconds)
            await self._start_gateway()
            routes = {service: _readiness(self.base_url, service) for service in self.scale}
            await until_ready(routes, everything, timeout_seconds)
            note_addresses(self.directory, {**self.environment, "GATEWAY_PORT": str(self.gateway_port)})
        except BaseException:
            await self.stop(force=True)
            raise
        for process in self._processes.values():
            self._watch(process)

    async def stop(self, *, force: bool = False) -> None:
        """Ends every process, the gateway first, so requests under way finish. `force` kills all of them."""
        if self._rotation:
            self._rotation.cancel()
        if self._supervisor:
            await self._supervisor.close()
        stages = [list(self._processes.values())] if force else self._stages()
        for stage in stages:
            ends = (p.kill() if force else p.stop(_GRACE_SECONDS) for p in stage)
            await asyncio.gather(*ends, return_exceptions=True)

    async def kill(self, service: str, index: int = 0) -> None:
        """Ends a process as a crash would, until `restart`. `service` may be `nats`, `redis` or `gateway`."""
        process = self.process(service, index)
        if self._supervisor:
            await self._supervisor.dismiss(process)
        await process.kill()

    async def restart(self, service: str, index: int = 0) -> None:
        """Starts a process again at its old address, and ends it first if it runs. Returns when a replica is
        ready; a server may need another moment."""
        process = self.process(service, index)
        if self._supervisor:
            await self._supervisor.dismiss(process)
        await process.stop(_GRACE_SECONDS)
        await process.start()
        self._watch(process)
        if service in MODULES:
            await until_ready({process.name: self._replicas()[process.name]}, [process], _START_SECONDS)

    def process(self, service: str, index: int = 0) -> ManagedProcess:
        """The replica of the service, or the server of that name."""
        return self._processes[f"{service}-{index + 1}" if service in MODULES else service]

    async def _start_servers(self) -> None:
        environment = self.environment
        environment |= development_secrets(self.directory, environment)
        if not environment.get("NATS_URL"):
            port = free_port()
            await self._launch(ManagedProcess(nats_program(self.directory, port, environment), self._output))
            environment["NATS_URL"] = nats_url_for("operator", f"nats://127.0.0.1:{port}", environment)
        if not environment.get("REDIS_URL"):
            port = free_port()
            await self._launch(ManagedProcess(redis_program(self.directory, port, environment), self._output))
            environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"

    async def _start_services(self) -> None:
        environment = self.environment
        environment["SQLITE_DIRECTORY"] = environment.get("SQLITE_DIRECTORY") or str(self.directory / "store")
        environment["MAIL_DIRECTORY"] = environment.get("MAIL_DIRECTORY") or str(self.directory / "mail")
        environment["HTTP_HOST"] = "127.0.0.1"
        for service, numbers in self._ports.items():
            for index, port in enumerate(numbers):
                program = service_program(service, index, port, environment)
                await self._launch(ManagedProcess(program, self._output))

    async def _start_gateway(self) -> None:
        servers = {name: [_address(port) for port in ports] for name, ports in self._ports.items()}
        program = gateway_program(
            self.directory,
            self.gateway_port,
            self.internal_port,
            servers,
            self.environment,
            routes=self._routes,
        )
        gateway = ManagedProcess(program, self._output)
        await self._launch(gateway)
        self._rotation = asyncio.create_task(keep_bounded(self.directory, gateway))

    def _replicas(self) -> dict[str, str]:
        """The readiness address of each replica."""
        return {
            f"{service}-{index + 1}": _readiness(_address(port), service)
            for service, ports in self._ports.items()
            for index, port in enumerate(ports)
        }

    def _watch(self, process: ManagedProcess) -> None:
        if self._supervisor:
            self._supervisor.watch(process)

    async def _launch(self, process: ManagedProcess) -> None:
        self._processes[process.name] = process
        await process.start()

    def _stages(self) -> list[list[ManagedProcess]]:
        everything = list(self._processes.values())
        servers = [process for process in everything if process.name in ("nats", "redis")]
        gateway = [process for process in everything if process.name == "gateway"]
        return [gateway, [p for p in everything if p not in gateway and p not in servers], servers]
