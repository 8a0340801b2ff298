"""When a started stack may be used."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import httpx

from trolley.local.errors import LocalRunFailed
from trolley.local.process import ManagedProcess

_POLL_SECONDS = 0.1


async def until_ready(
    urls: Mapping[str, str], processes: Collection[ManagedProcess], timeout_seconds: float
) -> None:
    """Returns once every URL (by the name of what it stands for) has answered with success.

    Raises `LocalRunFailed` when that takes longer, and as soon as one of the processes has ended.
    """
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
        waiting = _Waiting(client)
        try:
            async with asyncio.timeout(timeout_seconds):
                for name, url in urls.items():
                    while not await waiting.answers(name, url):
                        _require_running(processes)
                        await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise LocalRunFailed(f"Not ready after {timeout_seconds:g} s: {waiting.last}") from error


class _Waiting:
    """Remembers what was heard last, for the error message."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.last = ""

    async def answers(self, name: str, url: str) -> bool:
        self.last = f"{name} does not answer."
        try:
            answer = await self._client.get(url)
        except httpx.HTTPError as error:
            self.last = f"{name} does not answer ({type(error).__name__})."
            return False
        self.last = f"{name} answers {answer.status_code}: {answer.text[:500]}"
        return answer.is_success


def _require_running(processes: Collection[ManagedProcess]) -> None:
    for process in processes:
        if not process.running:
            lines = "\n  ".join(process.tail)
            raise LocalRunFailed(f"{process.name} ended while starting. Its last lines:\n  {lines}")
