"""The port of the throttle: where failures are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from auth_service.throttling.model import Charge, Operation, Verdict


class Tallies(Protocol):
    """Counts of failures by key."""

    async def apply(self, operation: Operation, charges: Sequence[Charge]) -> Verdict:
        """Applies the operation to all tallies or, if one of them refuses it, to none, in one step. `BEGIN`
        and `SPEND` may be refused. Raises `TalliesUnavailable`."""
        ...


class TalliesUnavailable(Exception):
    """The counts cannot be read at the moment."""
