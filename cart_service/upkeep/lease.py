"""A lease in NATS."""

from __future__ import annotations

import structlog

from shared.events.ports import Bucket, BusUnavailable, WrongRevision

log = structlog.get_logger(__name__)

LEASES = "leases"
LEASE_SECONDS = 60


class NatsLease:
    """A `Lease`: an entry that its holder writes again and again, and that the bucket drops when it has
    grown too old. NATS's clock alone counts. Nobody gives a lease back: who finds it taken has nothing to do.
    """

    def __init__(self, bucket: Bucket, name: str, holder: str) -> None:
        self._bucket = bucket
        self._name = name
        self._holder = holder.encode()
        self._revision: int | None = None

    async def acquire(self) -> bool:
        try:
            self._revision = await self._prolong() or await self._take()
        except BusUnavailable as error:
            self._revision = None
            log.info("a lease cannot be had", lease=self._name, reason=error.detail)
        return self._revision is not None

    async def _prolong(self) -> int | None:
        """None when it was not held, or ended."""
        if self._revision is None:
            return None
        try:
            return await self._bucket.update(self._name, self._holder, self._revision)
        except WrongRevision:
            return None

    async def _take(self) -> int | None:
        try:
            return await self._bucket.create(self._name, self._holder)
        except WrongRevision:
            return None
