"""Clients that add to carts as careful clients do: whatever passes is sent again, under the same key."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from shared.ids import new_id
from tests.chaos.attempts import Attempts
from tests.chaos.keys import KeysInFlight
from tests.e2e.shops import Person

TWICE_EVERY = 10
LOOK_EVERY = 5


def owner_of(person: Person) -> str:
    return str(person.session["user"]["id"])


class Load:
    """One client for each entry of `people` (several may be one person), who add one piece at a time.

    Every tenth add is sent twice at the same moment under one key. After every fifth the client reads the
    summary, which must hold whatever its owner had been answered before.
    """

    def __init__(self, people: Sequence[Person], products: Sequence[str], per_second: float) -> None:
        self.people = people
        self.accepted: dict[str, Counter[str]] = {owner_of(person): Counter() for person in people}
        """Pieces by product, for each owner."""
        self.attempts = Attempts()
        self.replayed = 0
        self.keys = {owner: KeysInFlight() for owner in self.accepted}
        self._products = products
        self._interval = 1 / per_second
        self._stopped = False

    @property
    def total(self) -> int:
        """Accepted adds."""
        return sum(counts.total() for counts in self.accepted.values())

    @property
    def furthest(self) -> int:
        """Most other keys that a cart may have met between an add and its repeat."""
        return max(keys.furthest for keys in self.keys.values())

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
        body, key = {"product_id": product, "quantity": 1}, new_id()
        senders = 2 if number % TWICE_EVERY == 0 else 1
        async with self.keys[owner_of(person)].sending(key):
            answers = await asyncio.gather(
                *(self.attempts.post(person, "/cart/items", body, key) for _ in range(senders))
            )
        self.replayed += sum("Idempotent-Replayed" in answer.headers for answer in answers)
        self.accepted[owner_of(person)][product] += 1

    async def _look(self, person: Person) -> None:
        known = self.accepted[owner_of(person)].total()
        answer = await self.attempts.get(person, "/cart/summary")
        assert answer.json()["item_count"] >= known, "a stale summary"

    def __str__(self) -> str:
        return (
            f"{self.total:,} adds accepted, {self.replayed:,} answers replayed, at most {self.furthest} other"
            f" keys between an add and its repeat; {self.attempts}"
        )
