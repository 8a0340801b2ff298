"""A lease in NATS."""

from __future__ import annotations

import structlog

from shared.events.ports import Bucket, BusUnavailable, WrongRevision

log = structlog.get_logger(__name__)

LEASES = "leases"
LEASE_SECONDS = 60


class NatsLease:
    """A `Lease`: an entry that its holder renews, and that the bucket removes when it is too old. Only the
    clock of NATS counts. Nobody gives a lease back: a replica that does not get it skips its turn."""

    def __init__(self, bucket: Bucket, name: str, holder: str) -> None:
        self._bucket = bucket
        self._name = name
        self._holder = holder.encode()
        self._revision: int | None = None

    async def acquire(self) -> bool:
        try:
            self._revision = await self._renew() or await self._create()
        except BusUnavailable as error:
            self._revision = None
            log.info("the lease is not available", lease=self._name, reason=error.detail)
        return self._revision is not None

    async def _renew(self) -> int | None:
        """None if it was not held, or has ended."""
        if self._revision is None:
            return None
        try:
            return await self._bucket.update(self._name, self._holder, self._revision)
        except WrongRevision:
            return None

    async def _create(self) -> int | None:
        try:
            return await self._bucket.create(self._name, self._holder)
        except WrongRevision:
            return None
