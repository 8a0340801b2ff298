"""How often, and when, an event is tried again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`delays` are the seconds between attempts: one attempt more than delays, then the event is a dead
    letter.

    A replica that says nothing about an event for `ack_seconds` is taken for dead, and another one gets it.
    A handler that raises `Unavailable` is called again, within the same attempt, for `outage_seconds`: a
    store that is away for a while makes no dead letters.
    """

    delays: tuple[float, ...] = (0.5, 2, 10, 30, 120, 300)
    ack_seconds: float = 30
    outage_seconds: float = 600

    @property
    def attempts(self) -> int:
        return len(self.delays) + 1

    @property
    def max_deliver(self) -> int:
        """What the server is told: some more than attempts, so that an event whose dead letter could not be
        written, or that ended every replica that tried it, comes back for its dead letter."""
        return self.attempts + 10
