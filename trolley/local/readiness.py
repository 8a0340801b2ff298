"""When a started stack may be used."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import httpx

from trolley.local.errors import LocalRunFailed
from trolley.local.process import ManagedProcess

_POLL_SECONDS = 0.1


class Readiness:
    """Waits for every replica, then for every route of the gateway. `str` says what is still awaited."""

    def __init__(
        self, processes: Mapping[str, ManagedProcess], base_url: str, ports: Mapping[str, Sequence[int]]
    ) -> None:
        self._processes = processes
        replicas = {
            f"{service}-{index + 1}": f"http://127.0.0.1:{port}/api/v1/{service}/health/ready"
            for service, numbers in ports.items()
            for index, port in enumerate(numbers)
        }
        routes = {f"route to {service}": f"{base_url}/api/v1/{service}/health/ready" for service in ports}
        self._awaited = {**replicas, **routes}
        self._last = ""

    async def wait(self) -> None:
        """Returns once everything answers. Raises `LocalRunFailed` as soon as a process has ended."""
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            while self._awaited:
                self._require_running()
                for name, url in list(self._awaited.items()):
                    if await self._answers(client, url):
                        del self._awaited[name]
                await asyncio.sleep(_POLL_SECONDS if self._awaited else 0)

    def __str__(self) -> str:
        return f"waiting for {', '.join(self._awaited)}. {self._last}"

    async def _answers(self, client: httpx.AsyncClient, url: str) -> bool:
        try:
            answer = await client.get(url)
        except httpx.HTTPError as error:
            self._last = f"Last error: {type(error).__name__}."
            return False
        self._last = f"Last answer: {answer.status_code} {answer.text[:500]}"
        return answer.is_success

    def _require_running(self) -> None:
        for process in self._processes.values():
            if not process.running:
                lines = "\n  ".join(process.tail)
                raise LocalRunFailed(f"{process.name} ended while starting. Its last lines:\n  {lines}")
