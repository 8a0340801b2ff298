"""Tells replicas how new each cart is, through NATS."""

from __future__ import annotations

from contextlib import suppress

import nats.errors
import orjson
import structlog
from nats.aio.msg import Msg

from cart_service.carts.versions import KnownVersions
from cart_service.changes import ChangeListener
from shared.events.ports import Bucket, BusUnavailable, Entry, Watch
from shared.events.projections import put_if_newer
from shared.jetstream.connection import NatsSessions

log = structlog.get_logger(__name__)

BOARD = "cart_versions"
UPDATES = "shop.cart.updated.*"
DELETIONS = "shop.user.deleted.*"


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
        sessions: NatsSessions,
        versions: KnownVersions,
        changes: ChangeListener,
    ) -> None:
        self._bucket = bucket
        self._sessions = sessions
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
        while True:
            session = await self._sessions.next_session()
            with suppress(nats.errors.Error):
                subscriptions = [
                    await session.client.subscribe(UPDATES, cb=self._on_event),
                    await session.client.subscribe(DELETIONS, cb=self._on_deletion),
                ]
                await session.client.flush()  # from here on nothing is missed
                self._changes.everything_changed()
                await session.wait_ended()
                for subscription in subscriptions:
                    await subscription.unsubscribe()
            await session.wait_ended()

    def _on_announcement(self, entry: Entry) -> None:
        if entry.value is not None:
            self._versions.secured(entry.key, announced_version(entry))

    async def _on_event(self, message: Msg) -> None:
        self._versions.heard(message.subject.rpartition(".")[2], orjson.loads(message.data)["entityversion"])

    async def _on_deletion(self, message: Msg) -> None:
        await self._changes.account_deleted(message.subject.rpartition(".")[2])


def announced_version(entry: Entry) -> int:
    """The cart's version that an entry of the bucket tells."""
    return int(orjson.loads(entry.value or b"")["version"])
