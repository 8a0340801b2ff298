"""The ended sessions, watched in the bucket `auth_revocations`."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson

from shared.clock import Clock, from_rfc3339
from shared.events.ports import BucketConfig, Entry, EventBus, Watch
from shared.observability.logging import get_logger
from shared.settings import ServiceSettings

# An entry outlives every token of its session, even one issued in the second of the logout.
_MARGIN_SECONDS = 60

_log = get_logger(__name__)


def revocations_bucket(settings: ServiceSettings) -> BucketConfig:
    """Session id → `{"revoked_at": RFC 3339}`, written by auth_service; entries expire with the tokens."""
    return BucketConfig("auth_revocations", ttl_seconds=_life_seconds(settings))


def _life_seconds(settings: ServiceSettings) -> int:
    return settings.auth_access_token_seconds + _MARGIN_SECONDS


class Revocations:
    """Knows every ended session whose tokens may still be valid, even while NATS is away."""

    def __init__(self, settings: ServiceSettings, clock: Clock) -> None:
        self._bucket = revocations_bucket(settings)
        self._life = timedelta(seconds=_life_seconds(settings))
        self._clock = clock
        self._ended: dict[str, datetime] = {}
        self._watch: Watch | None = None

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._ended

    def __len__(self) -> int:
        return len(self._ended)

    @property
    def connected(self) -> bool:
        """False while a logout elsewhere may be missed."""
        return self._watch is not None and self._watch.connected

    async def start(self, bus: EventBus) -> None:
        """Returns once all present revocations are known. Raises `BusUnavailable`."""
        bucket = await bus.bucket(self._bucket)
        # After a gap the replay brings what was missed, and nothing is ever withdrawn. So `on_gap` is not
        # needed.
        self._watch = await bucket.watch(self.apply, replay=True)

    async def stop(self) -> None:
        if self._watch is not None:
            await self._watch.stop()

    def apply(self, entry: Entry) -> None:
        """Applies a change of the bucket. A revocation is never withdrawn, only forgotten when it is
        spent."""
        if entry.value is None:
            return
        self.add(entry.key, self._revoked_at(entry))

    def add(self, session_id: str, revoked_at: datetime) -> None:
        """Adds a revocation. This process adds its own ones before the watch brings them."""
        self._ended.pop(session_id, None)
        self._ended[session_id] = revoked_at
        self._drop_spent()

    def _revoked_at(self, entry: Entry) -> datetime:
        try:
            return from_rfc3339(orjson.loads(entry.value or b"")["revoked_at"])
        except (ValueError, KeyError, TypeError):
            # An unreadable revocation still counts.
            _log.error("revocation without a time", session_id=entry.key)
            return self._clock.now()

    def _drop_spent(self) -> None:
        """Forgets the oldest entries first. They are roughly in the order of time, so each is checked about
        once."""
        spent_before = self._clock.now() - self._life
        while self._ended:
            session_id = next(iter(self._ended))
            if self._ended[session_id] > spent_before:
                return
            del self._ended[session_id]
