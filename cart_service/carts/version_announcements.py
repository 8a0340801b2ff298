"""Announces the versions of carts to every replica, through NATS."""

from __future__ import annotations

import orjson
import structlog

from cart_service.carts.events import CartUpdated
from cart_service.carts.versions import KnownVersions
from cart_service.changes import ChangeListener
from shared.events.contracts import UserDeleted
from shared.events.envelope import Event
from shared.events.ports import Bucket, BusUnavailable, Entry, EventBus, Watch
from shared.events.projections import put_if_newer

log = structlog.get_logger(__name__)

CART_VERSIONS = "cart_versions"


class NatsVersionAnnouncements:
    """Announcements are entries of a bucket that every replica watches, so they outlast a lost connection.
    They expire with the summaries that they outdate.

    Besides, every replica hears the carts' events as they are published, by a plain subscription without
    acknowledgement. So it usually knows the newest version even if Redis forgets a summary or restores an old
    one. `changes` hears of deleted accounts, and of each new start of the subscription, because earlier
    events may have been missed.
    """

    def __init__(
        self, bucket: Bucket, bus: EventBus, versions: KnownVersions, changes: ChangeListener
    ) -> None:
        self._bucket = bucket
        self._bus = bus
        self._versions = versions
        self._changes = changes
        self._watch: Watch | None = None

    @property
    def connected(self) -> bool:
        return self._watch is not None and self._watch.connected

    async def start(self) -> None:
        """Reads present and later announcements. Raises `BusUnavailable`."""
        self._watch = await self._bucket.watch(self._on_announcement, replay=True)

    async def close(self) -> None:
        """Stops watching."""
        if self._watch is not None:
            await self._watch.stop()

    async def announce(self, owner: str, version: int) -> bool:
        try:
            await put_if_newer(self._bucket, owner, orjson.dumps({"version": version}), version)
        except BusUnavailable:
            log.warning("a cart's version could not be announced", owner=owner, version=version)
            return False
        return True

    async def announced(self, owner: str) -> int | None:
        entry = await self._bucket.get(owner)
        return announced_version(entry) if entry is not None else None

    async def listen(self) -> None:
        """Hears the events of carts and accounts, without end. Call `start` before."""
        # Only the entity and its version matter, so the handlers get the events undecoded.
        handlers = {CartUpdated.subjects(): self._on_updated, UserDeleted.subjects(): self._on_deletion}
        await self._bus.listen(handlers, self._changes.everything_changed)

    def _on_announcement(self, entry: Entry) -> None:
        if entry.value is not None:
            self._versions.secured(entry.key, announced_version(entry))

    async def _on_updated(self, event: Event) -> None:
        self._versions.heard(event.entity_id, event.version)

    async def _on_deletion(self, event: Event) -> None:
        await self._changes.account_deleted(event.entity_id)


def announced_version(entry: Entry) -> int:
    """The cart's version in an entry of the bucket."""
    return int(orjson.loads(entry.value or b"")["version"])
