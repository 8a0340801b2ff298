"""How long a document's events have waited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shared.clock import Clock, to_rfc3339
from shared.store.ports import Json


def overdue_before(clock: Clock, seconds: float) -> str:
    """Events of before this moment have waited for too long."""
    return to_rfc3339(clock.now() - timedelta(seconds=seconds))


def is_under_way(pending: Sequence[Json], clock: Clock, seconds: float) -> bool:
    """Whether events wait, and not yet for too long: what they tell has not reached everybody."""
    return bool(pending) and pending[0]["time"] >= overdue_before(clock, seconds)
