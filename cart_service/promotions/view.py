"""The promotions that a replica knows, from the bucket `promotions`: code → the whole definition."""

from __future__ import annotations

import sys

import orjson
import structlog

from cart_service.changes import ChangeListener
from cart_service.promotions.definitions import promotion_of
from cart_service.promotions.model import Promotion
from shared.bounded import BoundedMapping
from shared.events.ports import Bucket, BucketConfig, Entry, Watch

log = structlog.get_logger(__name__)

PROMOTION_ENTRIES = BucketConfig("promotions")
BYTES_OF_PROMOTION = 1000
CAPACITY, MOST_BYTES = 10_000, 16 * 2**20


class WatchedPromotions:
    """A `KnownPromotions`: the promotions announced or read last, up to `capacity` or `most_bytes` of them. A
    watch keeps them up to date.

    Versions of a promotion only grow, even if the bucket is created again, so nothing is forgotten then. Each
    announced promotion is passed on to `changes`.
    """

    def __init__(
        self,
        bucket: Bucket,
        changes: ChangeListener,
        *,
        capacity: int = CAPACITY,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._bucket = bucket
        self._changes = changes
        self._promotions: BoundedMapping[Promotion] = BoundedMapping(most_bytes, capacity)
        self._watch: Watch | None = None

    async def start(self) -> None:
        """Reads the existing promotions, and listens for changes. Raises `BusUnavailable`."""
        self._watch = await self._bucket.watch(self._on_entry, replay=True)

    async def close(self) -> None:
        """Stops listening."""
        if self._watch is not None:
            await self._watch.stop()

    def find(self, code: str) -> Promotion | None:
        return self._promotions.get(code)

    def remember(self, promotion: Promotion) -> None:
        known = self._promotions.get(promotion.code)
        if known is None or known.version < promotion.version:
            self._promotions.put(promotion.code, promotion, _bytes_of(promotion))

    def _on_entry(self, entry: Entry) -> None:
        if entry.value is None:
            return
        try:
            self.remember(promotion_of(orjson.loads(entry.value)))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("a promotion cannot be read", code=entry.key, reason=repr(error))
        else:
            self._changes.promotion_changed(entry.key)


def _bytes_of(promotion: Promotion) -> int:
    """Its texts, and an estimate of the objects around them."""
    texts = (promotion.code, promotion.description, *promotion.conditions.categories)
    return BYTES_OF_PROMOTION + sum(map(sys.getsizeof, texts))
