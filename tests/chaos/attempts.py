"""Requests that are repeated until they are answered, and a tally of how each attempt ended."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from typing import Any

import httpx

from tests.e2e.shops import Person

PASSING = {502, 503, 504}
RETRY_SECONDS = 0.05
PATIENCE_SECONDS = 90.0
NO_PROBLEM = ["(no problem document)"]


class Attempts:
    """An answer that is neither success nor passing is an AssertionError: no client could heal it."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        """By status and problem, or by the kind of failure; with `GET` before those of reads."""
        self.slowest = 0.0

    async def post(self, person: Person, path: str, body: Any, key: str) -> httpx.Response:
        """Repeats under the same key."""
        return await self._until_answered(person, "POST", path, json=body, headers={"Idempotency-Key": key})

    async def get(self, person: Person, path: str) -> httpx.Response:
        return await self._until_answered(person, "GET", path)

    async def _until_answered(self, person: Person, method: str, path: str, **options: Any) -> httpx.Response:
        started = time.monotonic()
        for _ in itertools.count():
            response = await self._attempt(person, method, path, options)
            if response is not None:
                break
            assert time.monotonic() - started < PATIENCE_SECONDS, f"no answer to {method} {path}"
            await asyncio.sleep(RETRY_SECONDS)
        self.slowest = max(self.slowest, time.monotonic() - started)
        return response

    async def _attempt(
        self, person: Person, method: str, path: str, options: dict[str, Any]
    ) -> httpx.Response | None:
        """None when it is worth another try."""
        try:
            response = await person.call(method, path, **options)
        except httpx.TransportError as error:
            self._note(method, type(error).__name__)
            return None
        self._note(method, " ".join([str(response.status_code), *problem_of(response)]))
        if passes(response):
            return None
        assert response.status_code == 200, response.text
        return response

    def _note(self, method: str, outcome: str) -> None:
        self.seen[outcome if method == "POST" else f"{method} {outcome}"] += 1

    def __str__(self) -> str:
        ways = ", ".join(f"{outcome} × {count:,}" for outcome, count in sorted(self.seen.items()))
        return f"attempts: {ways}; slowest {self.slowest:.1f} s"


def passes(response: httpx.Response) -> bool:
    """What a client repeats. A 500 with a problem document is a service's bug; one without is the gateway's
    word for an answer that broke off in the middle, because the replica died while it sent it."""
    if response.status_code == 500:
        return problem_of(response) == NO_PROBLEM
    return response.status_code in PASSING


def problem_of(response: httpx.Response) -> list[str]:
    """The slug of a problem's type; for a failure without one, that it has none."""
    if response.is_success:
        return []
    if response.headers.get("Content-Type") != "application/problem+json":
        return NO_PROBLEM
    return [str(response.json()["type"]).rpartition(":")[2]]
