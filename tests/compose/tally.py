"""How the requests of a load ended, and which of the endings break a promise."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

import httpx

PROBLEM = "application/problem+json"
NO_ROUTES = "404 page not found\n"


class Tally:
    """Counts by phase. `failures` are answers that no client of the shop should ever see."""

    def __init__(self) -> None:
        self.phase = ""
        self.outcomes: dict[str, Counter[str]] = defaultdict(Counter)
        self.failures: list[str] = []
        self.refusals: list[str] = []
        """Each answer that is no success, however well it explains itself."""
        self.succeeded: set[str] = set()
        """Kinds of requests that succeeded since this was last cleared."""
        self._kinds: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self._unavailable: dict[str, list[float]] = defaultdict(list)
        self._slowest: dict[str, float] = defaultdict(float)

    @property
    def total(self) -> int:
        return sum(counts.total() for counts in self.outcomes.values())

    @property
    def successes(self) -> int:
        return sum(self.count(phase, "2") for phase in self.outcomes)

    def begin(self, phase: str) -> None:
        self.phase = phase
        self.succeeded.clear()

    def answered(self, kind: str, response: httpx.Response, seconds: float, *, opening: bool = False) -> None:
        """`opening`: the gateway may not know its routes yet."""
        outcome = f"{response.status_code} {problem_of(response)}".strip()
        if opening and response.status_code == 404 and response.text == NO_ROUTES:
            self.outcomes[self.phase]["404 before the gateway knew its routes"] += 1
            return
        self.outcomes[self.phase][outcome] += 1
        self._kinds[self.phase, kind][response.status_code] += 1
        self._slowest[self.phase] = max(self._slowest[self.phase], seconds)
        if response.is_success:
            self.succeeded.add(kind)
        else:
            request_id = response.headers.get("X-Request-Id", "none")
            self.refusals.append(
                f"{self.phase}: {kind}: {outcome} after {seconds:.1f} s, request id {request_id}"
            )
        if response.status_code == 503:
            self._unavailable[self.phase].append(seconds)
        if fault := fault_of(response):
            self.failures.append(f"{self.phase}: {kind}: {outcome}: {fault}: {response.text[:200]}")

    def unanswered(self, kind: str, error: httpx.TransportError, *, is_expected: bool) -> None:
        """No answer came. It is expected while the gateway itself is away."""
        outcome = f"no answer ({type(error).__name__})"
        self.outcomes[self.phase][outcome] += 1
        if not is_expected:
            self.failures.append(f"{self.phase}: {kind}: {outcome}: {error}")

    def count(self, phase: str, outcome: str) -> int:
        return sum(count for name, count in self.outcomes[phase].items() if name.startswith(outcome))

    def heard(self, kind: str) -> dict[int, int]:
        """Answers by status in this phase, to one kind of request."""
        return dict(self._kinds[self.phase, kind])

    def line(self, phase: str) -> str:
        counts = self.outcomes[phase]
        ways = ", ".join(f"{outcome} x {count:,}" for outcome, count in sorted(counts.items()))
        line = f"{phase}: {counts.total():,} requests: {ways}; slowest {self._slowest[phase]:.1f} s"
        if unavailable := sorted(self._unavailable[phase]):
            middle, most = percentile(unavailable, 0.5), percentile(unavailable, 0.99)
            line += f"; 503 after {middle * 1000:.0f} ms (median), {most * 1000:.0f} ms (99 of 100)"
        return line


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def problem_of(response: httpx.Response) -> str:
    """The slug of a problem's type; empty for a success."""
    if response.is_success:
        return ""
    if response.headers.get("Content-Type") != PROBLEM:
        return "(no problem document)"
    return str(response.json()["type"]).rpartition(":")[2]


def fault_of(response: httpx.Response) -> str:
    """What the answer breaks, or nothing. While parts are dead a client hears 2xx, 503 or 502 alone."""
    faults: Iterable[tuple[bool, str]] = (
        (response.status_code not in (502, 503), "the status"),
        (response.headers.get("Content-Type") != PROBLEM, "no problem document"),
        (response.status_code == 503 and "Retry-After" not in response.headers, "no Retry-After"),
        ("X-Request-Id" not in response.headers, "no X-Request-Id"),
    )
    return "" if response.is_success else ", ".join(text for is_so, text in faults if is_so)
