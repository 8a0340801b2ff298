"""Adapters that wait, so that a test can act in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class Gate:
    """Another adapter, of which the method `name` waits `before` or after its work until the gate opens."""

    def __init__(self, adapter: Any, name: str, *, before: bool = True, calls_to_pass: int = 0) -> None:
        self._adapter = adapter
        self._name = name
        self._before = before
        self._calls_to_pass = calls_to_pass
        self._open = asyncio.Event()
        self.reached = asyncio.Event()

    def open(self) -> None:
        self._open.set()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._adapter, name)
        return self._guarded(method) if name == self._name else method

    def _guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def guarded(*arguments: Any, **options: Any) -> Any:
            self._calls_to_pass -= 1
            if self._calls_to_pass >= 0:
                return await method(*arguments, **options)
            if self._before:
                await self._wait()
                return await method(*arguments, **options)
            result = await method(*arguments, **options)
            await self._wait()
            return result

        return guarded

    async def _wait(self) -> None:
        self.reached.set()
        await self._open.wait()
