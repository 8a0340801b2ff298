"""The shop under compose: its parts can be killed, frozen, scaled and restarted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.support.waiting import eventually
from trolley.secrets import SECRET_NAMES, new_secret

PATIENCE_SECONDS = 600.0
"""For a part to come back, on the slowest machine."""


class CommandFailed(Exception):
    """A command of the engine ended with another status than 0."""


class Engine:
    """One compose project. Its gateway is published on `port`."""

    def __init__(self, project: str, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        secrets = {name: new_secret() for name in SECRET_NAMES if not os.environ.get(name)}
        self._environment = {
            **secrets,
            **os.environ,
            "COMPOSE_PROJECT_NAME": project,
            "GATEWAY_PORT": str(port),
            "GATEWAY_RATE_AVERAGE": "0",
            "AUTH_SIGN_UPS_PER_MINUTE": "0",
            "AUTH_GUESTS_PER_MINUTE": "0",
        }

    @classmethod
    @asynccontextmanager
    async def running(cls, project: str, port: int, **replicas: int) -> AsyncIterator[Engine]:
        """The whole shop, until the block ends. After a failure the last lines of its logs are printed."""
        engine = cls(project, port)
        try:
            await engine.scale(**replicas)
            yield engine
        except BaseException:
            print(await engine.compose("ps", "--all"))
            print(await engine.compose("logs", "--tail", "20"))
            raise
        finally:
            await engine.compose("down", "--volumes", "--timeout", "5")

    async def compose(self, *arguments: str, stdin: str = "") -> str:
        return await self._run("docker", "compose", *arguments, stdin=stdin)

    async def docker(self, *arguments: str) -> str:
        return await self._run("docker", *arguments)

    async def trolley(self, *arguments: str, stdin: str = "") -> str:
        """The operator's command line, in a container of its own."""
        return await self.compose("run", "--rm", "-T", "operator", *arguments, stdin=stdin)

    async def scale(self, **replicas: int) -> None:
        """Returns once so many replicas of each run and are healthy."""
        scales = [word for name, count in replicas.items() for word in ("--scale", f"{name}={count}")]
        await self.compose("up", "--detach", "--wait", *scales)

    async def kill(self, *services: str) -> None:
        """By SIGKILL. Nothing starts them again but `start`."""
        await self.compose("kill", *services)

    async def start(self, *services: str) -> None:
        """Returns once they are healthy."""
        for service in services:
            await self.docker("start", *await self.containers(service))
            await eventually(lambda service=service: self.is_healthy(service), PATIENCE_SECONDS, every=0.5)

    async def restart(self, container: str) -> None:
        """In order: SIGTERM, its time to drain, and a start. Returns once it is healthy."""
        await self.docker("restart", container)
        await eventually(lambda: self._healthy(container), PATIENCE_SECONDS, every=0.5)

    async def containers(self, service: str) -> list[str]:
        return (await self.compose("ps", "--all", "--quiet", service)).split()

    async def is_healthy(self, service: str) -> bool:
        return await self._healthy(*await self.containers(service))

    async def routed(self, service: str) -> int:
        """Replicas that the gateway finds ready; what it keeps of those that are gone does not count."""
        url = f"http://127.0.0.1:8080/api/http/services/{service}@docker"
        known: dict[str, Any] = orjson.loads(await self.compose("exec", "-T", "gateway", "wget", "-qO-", url))
        return list(known.get("serverStatus", {}).values()).count("UP")

    async def _healthy(self, *containers: str) -> bool:
        states = await self.docker("inspect", "--format", "{{.State.Health.Status}}", *containers)
        return set(states.split()) == {"healthy"}

    async def _run(self, *command: str, stdin: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate(stdin.encode())
        if process.returncode:
            raise CommandFailed(f"{' '.join(command)}: {errors.decode()[-2000:]}")
        return output.decode()
