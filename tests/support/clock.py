"""A clock that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.clock import SystemClock


class MovableClock:
    """The machine's clock, or with `start` a clock that stands still. It is `ahead` by as much as a test
    says."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self.ahead = timedelta()

    def now(self) -> datetime:
        return (self._start or SystemClock().now()) + self.ahead

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)
