"""How busy this replica is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

_TICK_SECONDS = 0.5
_WEIGHT = 0.2  # of the newest tick in the moving averages


@dataclass(frozen=True, slots=True)
class ReplicaLoad:
    """Averages over the last few seconds: requests a second, how late the event loop runs what is due
    (milliseconds), and the share of one CPU core (1.0 is a whole one)."""

    requests_per_second: float = 0.0
    loop_lag_ms: float = 0.0
    cpu: float = 0.0


class LoadMeter:
    """Measures while `run` runs. `requests_total` gives the number of requests since the start."""

    def __init__(self, requests_total: Callable[[], float]) -> None:
        self._requests_total = requests_total
        self._load = ReplicaLoad()

    def load(self) -> ReplicaLoad:
        return self._load

    async def run(self) -> None:
        before = self._sample()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = self._sample()
            requests, clock, cpu = (new - old for new, old in zip(now, before, strict=True))
            before = now
            self._load = ReplicaLoad(
                requests_per_second=_blend(self._load.requests_per_second, requests / clock),
                loop_lag_ms=_blend(self._load.loop_lag_ms, max(0.0, clock - _TICK_SECONDS) * 1000),
                cpu=_blend(self._load.cpu, cpu / clock),
            )

    def _sample(self) -> tuple[float, float, float]:
        return self._requests_total(), time.monotonic(), time.process_time()


def _blend(average: float, newest: float) -> float:
    return round(average + _WEIGHT * (newest - average), 3)
