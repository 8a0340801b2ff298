"""Time as precise as documents keep it."""

from __future__ import annotations

from datetime import datetime

from shared.clock import Clock


class DocumentClock:
    """Another clock's time in whole milliseconds: what is answered now equals what is read from the store
    later."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        moment = self._clock.now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
