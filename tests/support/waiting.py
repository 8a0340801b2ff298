"""Waiting for conditions instead of sleeping."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""How long a test waits for what must come: enough for a machine that is ten times slower than usual."""


async def eventually(
    condition: Callable[[], T | Awaitable[T]], timeout: float = PATIENCE_SECONDS, *, every: float = 0.01
) -> T:
    """Polls until the condition is truthy and gives its value. A failed assertion inside counts as not yet.

    Raises AssertionError after `timeout` seconds, with the last failure as its cause.
    """
    deadline = time.monotonic() + timeout
    failure: AssertionError | None = None
    while True:
        try:
            value = condition()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value
        except AssertionError as error:
            failure = error
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {timeout} s: {inspect.getsource(condition).strip()}"
            ) from failure
        await asyncio.sleep(every)
