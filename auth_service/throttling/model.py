"""How failures are counted, and how long the waits are that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LEASE_SECONDS = 60.0
"""An attempt without an outcome for this time, as after a crash, counts as a failure."""
_MOST_DOUBLINGS = 30
_REMEMBERED_PAST_FREE = 12
"""Failures past the free ones that a tally remembers. Eleven doublings of a second reach half an hour."""


class Operation(StrEnum):
    """What happens to the tallies of an attempt. `BEGIN` and `SPEND` may be refused."""

    BEGIN = "begin"
    FAIL = "fail"
    SUCCEED = "succeed"
    WITHDRAW = "withdraw"
    """Nothing was checked."""
    SPEND = "spend"
    """Counts at once, as what has no outcome: a sign-up, a mail."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The first `free` failures have no wait. The next one begins a wait of `first_wait` seconds, and each
    further one a wait of twice the time, up to `longest_wait`. One failure is forgiven every `forgiven_every`
    seconds.

    `fresh_free` are the free failures of a key for those whose first key of the attempt has no failure.
    A success `clears` the failures, or takes nothing back but its own attempt.
    """

    free: int
    first_wait: float
    longest_wait: float
    forgiven_every: float
    fresh_free: int = 0
    clears: bool = False

    @classmethod
    def rate(cls, uses: int, seconds: float) -> Budget:
        """`uses` at once, and again one after each `seconds / uses`."""
        pause = seconds / uses
        return cls(uses, pause, pause, pause)

    def limit(self, is_fresh: bool) -> int:
        return max(self.free, self.fresh_free) if is_fresh else self.free

    @property
    def remembered(self) -> int:
        return self.limit(is_fresh=True) + _REMEMBERED_PAST_FREE

    def wait(self, past_limit: int) -> float:
        """The wait in seconds after so many failures past the limit."""
        return min(self.longest_wait, self.first_wait * 2.0 ** min(past_limit, _MOST_DOUBLINGS))


@dataclass(frozen=True, slots=True)
class Charge:
    """A tally that an attempt counts in. `kind` names the tally in metrics: `account`, `network`…"""

    kind: str
    key: str
    budget: Budget


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an attempt may begin. If not, `kind` names the tally that refuses: for `wait` seconds, or, if
    that is 0, until another attempt has an outcome."""

    kind: str | None = None
    wait: float = 0

    @property
    def admitted(self) -> bool:
        return self.kind is None

    @property
    def is_busy(self) -> bool:
        return self.kind is not None and not self.wait


@dataclass(slots=True)
class Tally:
    """The failures of one key. `pending` attempts have no outcome yet; until they have one, each counts as a
    failure, so attempts at the same time cannot exceed the budget. Times are seconds of one clock.
    `tallies.lua` does the same in Redis."""

    failures: int = 0
    forgiven_until: float = 0
    failed_at: float = 0
    pending: int = 0
    pending_until: float = 0

    @property
    def is_empty(self) -> bool:
        return not self.failures and not self.pending

    def settle(self, budget: Budget, now: float) -> None:
        """Forgives what is old, and counts attempts whose outcome never came."""
        if self.pending and now >= self.pending_until:
            pending, self.pending = self.pending, 0
            self._count(budget, pending, self.pending_until)
        forgiven = min(self.failures, int(max(0, now - self.forgiven_until) / budget.forgiven_every))
        self.failures -= forgiven
        self.forgiven_until += forgiven * budget.forgiven_every

    def verdict(self, charge: Charge, is_fresh: bool, now: float) -> Verdict:
        limit = charge.budget.limit(is_fresh)
        if self.failures >= limit:
            wait = self.failed_at + charge.budget.wait(self.failures - limit) - now
            if wait > 0:
                return Verdict(charge.kind, wait)
        return Verdict(charge.kind if self.pending and self.failures + self.pending >= limit else None)

    def begin(self, now: float) -> None:
        self.pending += 1
        self.pending_until = now + LEASE_SECONDS

    def end(self, operation: Operation, budget: Budget, now: float) -> None:
        if operation is not Operation.SPEND:
            self.pending = max(0, self.pending - 1)
        if operation in (Operation.FAIL, Operation.SPEND):
            self._count(budget, 1, now)
        if operation is Operation.SUCCEED and budget.clears:
            self.failures = 0

    def _count(self, budget: Budget, failures: int, now: float) -> None:
        if not self.failures:
            self.forgiven_until = now
        self.failures = min(self.failures + failures, budget.remembered)
        self.failed_at = now


def strictest(verdicts: Sequence[Verdict]) -> Verdict:
    """The refusal with the longest wait; else one that waits for an outcome; else the admission."""
    return max(verdicts, key=lambda verdict: (verdict.wait, verdict.is_busy))
