"""Clients that add to carts as careful clients do: whatever passes is sent again, under the same key."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from shared.ids import new_id
from tests.e2e.shops import Person

PASSING = {502, 503, 504}
RETRY_SECONDS = 0.05
PATIENCE_SECONDS = 90.0
TWICE_EVERY = 10
LOOK_EVERY = 5


def owner_of(person: Person) -> str:
    return str(person.session["user"]["id"])


class Load:
    """One client for each entry of `people` (several may be one person), who add one piece at a time.

    Every tenth add is sent twice at the same moment under one key. After every fifth the client reads the
    summary, which must hold whatever its owner had been answered before. Any answer but success and what
    passes ends the load with an AssertionError.
    """

    def __init__(self, people: Sequence[Person], products: Sequence[str], per_second: float) -> None:
        self.people = people
        self.seen: Counter[str] = Counter()
        """How each attempt ended: the status, or the kind of failure; `GET` before those of reads."""
        self.accepted: dict[str, Counter[str]] = {owner_of(person): Counter() for person in people}
        """Pieces by product, for each owner."""
        self.replayed = 0
        self.slowest = 0.0
        self.furthest = 0
        """Most other keys that a cart accepted from the first attempt of an add to its answer, where it had
        to be repeated. Past 64 the cart may have forgotten the key."""
        self._products = products
        self._interval = 1 / per_second
        self._stopped = False

    @property
    def total(self) -> int:
        return sum(counts.total() for counts in self.accepted.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Goes on until the block ends; then each add under way gets its answer."""
        task = asyncio.create_task(self.run(itertools.count()))
        try:
            yield
        finally:
            self._stopped = True
            await task

    async def run(self, numbers: Iterator[int]) -> None:
        """An add for each number, no earlier than its time."""
        started = time.monotonic()
        await asyncio.gather(*(self._client(person, numbers, started) for person in self.people))

    async def _client(self, person: Person, numbers: Iterator[int], started: float) -> None:
        for number in numbers:
            await asyncio.sleep(started + number * self._interval - time.monotonic())
            if self._stopped:
                return
            await self._add(person, self._products[number % len(self._products)], number)
            if number % LOOK_EVERY == 0:
                await self._look(person)

    async def _add(self, person: Person, product: str, number: int) -> None:
        body, key = {"product_id": product, "quantity": 1}, {"Idempotency-Key": new_id()}
        senders = 2 if number % TWICE_EVERY == 0 else 1
        sending = (
            self._until_accepted(person, "POST", "/cart/items", json=body, headers=key)
            for _ in range(senders)
        )
        answers = await asyncio.gather(*sending)
        self.replayed += sum("Idempotent-Replayed" in answer.headers for answer in answers)
        self.accepted[owner_of(person)][product] += 1

    async def _look(self, person: Person) -> None:
        known = self.accepted[owner_of(person)].total()
        answer = await self._until_accepted(person, "GET", "/cart/summary")
        assert answer.json()["item_count"] >= known, "a stale summary"

    async def _until_accepted(self, person: Person, method: str, path: str, **options: Any) -> httpx.Response:
        started, before = time.monotonic(), self.accepted[owner_of(person)].total()
        for attempt in itertools.count():
            response = await self._attempt(person, method, path, options)
            if response is not None:
                break
            assert time.monotonic() - started < PATIENCE_SECONDS, f"no answer to {method} {path}"
            await asyncio.sleep(RETRY_SECONDS)
        self.slowest = max(self.slowest, time.monotonic() - started)
        if attempt and method == "POST":
            others = self.accepted[owner_of(person)].total() - before
            self.furthest = max(self.furthest, others)
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
        self._note(method, str(response.status_code) + code_of(response))
        if response.status_code in PASSING:
            return None
        assert response.status_code == 200, response.text
        return response

    def _note(self, method: str, outcome: str) -> None:
        self.seen[outcome if method == "POST" else f"{method} {outcome}"] += 1

    def __str__(self) -> str:
        ways = ", ".join(f"{outcome} × {count:,}" for outcome, count in sorted(self.seen.items()))
        return (
            f"{self.total:,} adds accepted, {self.replayed:,} answers replayed; attempts: {ways}; slowest "
            f"{self.slowest:.1f} s; at most {self.furthest} other keys before a repeated add was answered"
        )


def code_of(response: httpx.Response) -> str:
    """The problem's type, where there is one."""
    if response.headers.get("Content-Type") != "application/problem+json":
        return ""
    return " " + str(response.json().get("type", "")).rpartition("/")[2]
