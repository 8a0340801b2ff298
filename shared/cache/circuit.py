"""A circuit breaker: after a failure, one attempt at a time finds out whether it still fails."""

from __future__ import annotations

import time


class Circuit:
    """Closed until something fails; then one attempt every `probe_seconds` is admitted until one succeeds."""

    def __init__(self, probe_seconds: float) -> None:
        self._probe_seconds = probe_seconds
        self._probe_at = 0.0
        self.is_closed = True

    def admits(self) -> bool:
        """Whether to attempt anything now; after a failure True makes the caller the probe."""
        if self.is_closed:
            return True
        now = time.monotonic()
        if now < self._probe_at:
            return False
        self._probe_at = now + self._probe_seconds
        return True

    def failed(self) -> bool:
        """True for the first failure after a success."""
        first, self.is_closed = self.is_closed, False
        self._probe_at = time.monotonic() + self._probe_seconds
        return first

    def succeeded(self) -> bool:
        """True for the first success after a failure."""
        first, self.is_closed = not self.is_closed, True
        return first
