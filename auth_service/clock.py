"""Time in the precision of documents."""

from __future__ import annotations

from datetime import datetime

from shared.clock import Clock


class DocumentClock:
    """Another clock's time in whole milliseconds, so an answer shows the same time as the stored document."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        moment = self._clock.now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
