"""When a started stack may be used."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import httpx

from trolley.local.errors import LocalRunFailed
from trolley.local.process import ManagedProcess

_POLL_SECONDS = 0.1


class Readiness:
    """Waits for every replica, then for every route of the gateway."""

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

    async def wait(self, timeout_seconds: float) -> None:
        """Returns once everything answers. Raises `LocalRunFailed` when that takes longer, and as soon as a
        process has ended."""
        try:
            await asyncio.wait_for(self._wait(), timeout_seconds)
        except TimeoutError as error:
            awaited = ", ".join(self._awaited)
            raise LocalRunFailed(
                f"After {timeout_seconds:g} s still waiting for {awaited}. {self._last}"
            ) from error

    async def _wait(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            while self._awaited:
                self._require_running()
                for name, url in list(self._awaited.items()):
                    if await self._answers(client, url):
                        del self._awaited[name]
                await asyncio.sleep(_POLL_SECONDS if self._awaited else 0)

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
