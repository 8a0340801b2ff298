"""Tells replicas how new each cart is, through NATS."""

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

BOARD = "cart_versions"


class NatsVersionAnnouncements:
    """Announcements are entries of a bucket, which every replica watches: they outlast a lost connection.

    Besides, every replica hears the carts' events as they are published, by a plain subscription without
    acknowledgement: so it nearly always knows the newest version even when Redis forgets or brings back an
    old summary. Entries of the bucket expire with the summaries that they outdate.

    `changes` hears of deleted accounts, and of each time it listens anew: what was published before was
    missed.
    """

    def __init__(
        self,
        bucket: Bucket,
        bus: EventBus,
        versions: KnownVersions,
        changes: ChangeListener,
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
        """Learns what was announced, now and later. Raises `BusUnavailable`."""
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
        """Hears the events of carts and accounts, without end; after `start`."""
        # Only the entity and its version matter, so the data of an event are not read.
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
    """The cart's version that an entry of the bucket tells."""
    return int(orjson.loads(entry.value or b"")["version"])
