"""Counting goes on while Redis is away."""

from __future__ import annotations

from collections.abc import Sequence

from auth_service.throttling.metrics import COUNTED_ALONE
from auth_service.throttling.model import Charge, Operation, Verdict
from auth_service.throttling.ports import Tallies, TalliesUnavailable
from shared.cache.redis_cache import Circuit
from shared.observability.logging import get_logger

_log = get_logger(__name__)
_PROBE_SECONDS = 1.0


class FallbackTallies:
    """Counts in the tallies that all replicas share. While they are away, counts in those of this replica,
    and tries the shared ones once a second."""

    def __init__(self, shared: Tallies, local: Tallies) -> None:
        self._shared = shared
        self._local = local
        self._circuit = Circuit(_PROBE_SECONDS)

    async def apply(self, operation: Operation, charges: Sequence[Charge]) -> tuple[Verdict, Tallies]:
        """The verdict, and the tallies that gave it."""
        if self._circuit.admits():
            try:
                verdict = await self._shared.apply(operation, charges)
            except TalliesUnavailable as error:
                self._is_away(error)
            else:
                self._is_there()
                return verdict, self._shared
        COUNTED_ALONE.inc()
        return await self._local.apply(operation, charges), self._local

    async def end(self, tallies: Tallies, operation: Operation, charges: Sequence[Charge]) -> None:
        """Counts the outcome of an attempt in the tallies where it began. If they are away, the attempt
        counts as a failure there, after `LEASE_SECONDS`."""
        try:
            await tallies.apply(operation, charges)
        except TalliesUnavailable as error:
            self._is_away(error)

    def _is_away(self, error: TalliesUnavailable) -> None:
        if self._circuit.failed():
            _log.warning(
                "the throttle is away: this replica counts sign-ins alone",
                setting="REDIS_URL",
                reason=str(error),
            )

    def _is_there(self) -> None:
        if self._circuit.succeeded():
            _log.info("the throttle is back")
