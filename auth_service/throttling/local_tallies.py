"""The tallies of one replica, which count while Redis is away."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from auth_service.throttling.model import Charge, Operation, Tally, Verdict, strictest

_MOST_TALLIES = 50_000
"""About 20 MB. The one that was used least recently goes first."""


class LocalTallies:
    """`Tallies` in memory."""

    def __init__(
        self, most_tallies: int = _MOST_TALLIES, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`monotonic` is a clock that gives seconds."""
        self._most_tallies = most_tallies
        self._monotonic = monotonic
        self._tallies: OrderedDict[str, Tally] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tallies)

    async def apply(self, operation: Operation, charges: Sequence[Charge]) -> Verdict:
        now = self._monotonic()
        tallies = [(charge, self._settled(charge, now)) for charge in charges]
        if operation in (Operation.BEGIN, Operation.SPEND):
            is_fresh = not tallies[0][1].failures
            verdict = strictest([tally.verdict(charge, is_fresh, now) for charge, tally in tallies])
            if not verdict.admitted:
                return verdict
        for charge, tally in tallies:
            if operation is Operation.BEGIN:
                tally.begin(now)
            else:
                tally.end(operation, charge.budget, now)
            self._keep(charge.key, tally)
        return Verdict()

    def _settled(self, charge: Charge, now: float) -> Tally:
        tally = self._tallies.get(charge.key)
        if tally is None:
            return Tally()
        self._tallies.move_to_end(charge.key)  # also when it refuses: nobody can push it out meanwhile
        tally.settle(charge.budget, now)
        return tally

    def _keep(self, key: str, tally: Tally) -> None:
        if tally.is_empty:
            self._tallies.pop(key, None)
            return
        self._tallies[key] = tally
        if len(self._tallies) > self._most_tallies:
            self._tallies.popitem(last=False)
