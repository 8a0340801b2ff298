"""Tells replicas how new each cart is, through NATS."""

from __future__ import annotations

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from shared.events.projections import put_if_newer

from cart_service.service.versions import KnownVersions
from shared.events.ports import Bucket, BusUnavailable, Entry, Watch

log = structlog.get_logger(__name__)

BOARD = "cart_versions"
UPDATES = "shop.cart.updated.*"


class NatsVersionBoard:
    """Announcements are entries of a bucket, which every replica watches: they outlast a lost connection.

    Besides, every replica hears the carts' events as they are published, by a plain subscription without
    acknowledgement: so it nearly always knows the newest version even when Redis forgets or brings back an
    old summary. Entries of the bucket expire with the summaries that they outdate.
    """

    def __init__(self, bucket: Bucket, client: Client, versions: KnownVersions) -> None:
        self._bucket = bucket
        self._client = client
        self._versions = versions
        self._watch: Watch | None = None
        self._events: Subscription | None = None

    @property
    def connected(self) -> bool:
        return self._watch is not None and self._watch.connected

    async def start(self) -> None:
        """Learns what was announced, and starts to listen. Raises `BusUnavailable`."""
        self._events = await self._client.subscribe(UPDATES, cb=self._on_event)
        self._watch = await self._bucket.watch(self._on_announcement, replay=True)

    async def close(self) -> None:
        if self._watch is not None:
            await self._watch.stop()
        if self._events is not None and self._client.is_connected:
            await self._events.unsubscribe()

    async def announce(self, owner: str, version: int) -> bool:
        try:
            await put_if_newer(self._bucket, owner, orjson.dumps({"version": version}), version)
        except BusUnavailable:
            log.warning("a cart's version could not be announced", owner=owner, version=version)
            return False
        return True

    def _on_announcement(self, entry: Entry) -> None:
        if entry.value is not None:
            self._versions.secured(entry.key, orjson.loads(entry.value)["version"])

    async def _on_event(self, message: Msg) -> None:
        self._versions.heard(message.subject.rpartition(".")[2], orjson.loads(message.data)["entityversion"])
