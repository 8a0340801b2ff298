"""Waits until a started stack is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import httpx

from trolley.errors import LocalRunFailed
from trolley.local.process import ManagedProcess

_POLL_SECONDS = 0.1


async def until_ready(
    urls: Mapping[str, str], processes: Collection[ManagedProcess], timeout_seconds: float
) -> None:
    """Returns when every URL has answered with success. The keys are names for messages.

    Raises `LocalRunFailed` if that takes too long, or if one of the processes ends.
    """
    last = f"{', '.join(urls)} did not answer."
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
        try:
            async with asyncio.timeout(timeout_seconds):
                for name, url in urls.items():
                    while last := await _problem(client, name, url):
                        _require_running(processes)
                        await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise LocalRunFailed(f"Not ready after {timeout_seconds:g} s: {last}") from error


async def _problem(client: httpx.AsyncClient, name: str, url: str) -> str:
    """Why the address is not ready; empty if it is."""
    try:
        answer = await client.get(url)
    except httpx.HTTPError as error:
        return f"{name} does not answer ({type(error).__name__})."
    return "" if answer.is_success else f"{name} answers {answer.status_code}: {answer.text[:500]}"


def _require_running(processes: Collection[ManagedProcess]) -> None:
    for process in processes:
        if not process.running:
            lines = "\n  ".join(process.tail)
            raise LocalRunFailed(f"{process.name} ended while starting. Its last lines:\n  {lines}")
