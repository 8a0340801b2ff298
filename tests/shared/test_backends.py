"""Connecting to what may be away."""

from __future__ import annotations

import asyncio

import pytest

from shared.backends import retry_until_available


async def test_a_cancellation_that_an_attempt_swallows_ends_the_trying() -> None:
    """So `wait_for` of Python 3.11 does, now and then."""

    async def attempt() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionRefusedError from None

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await retry_until_available(attempt, "what never comes", lambda _: None)
