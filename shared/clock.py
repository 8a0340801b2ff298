"""Time as a dependency, so that a test can move it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Gives the present time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MillisecondClock:
    """Another clock's time in whole milliseconds, as `to_rfc3339` writes it. An answer then shows the same
    time as the stored document."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        moment = self._clock.now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@lru_cache(maxsize=1024)  # a write formats the same time several times
def to_rfc3339(moment: datetime) -> str:
    """`2026-01-31T12:00:00.123Z`: RFC 3339, UTC, milliseconds, so that text order is time order."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def from_rfc3339(text: str) -> datetime:
    """The moment that `to_rfc3339` wrote. Raises ValueError if the text is not an RFC 3339 time."""
    return datetime.fromisoformat(text)


def to_millis(moment: datetime) -> int:
    """Milliseconds since the Unix epoch."""
    return int(moment.timestamp() * 1000)
