"""Telling others about products: their entries in the `products` bucket, and their events."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from shared.events.envelope import Event
from shared.events.ports import Bucket, BucketConfig, EventBus
from shared.events.projections import put_if_newer

BUCKET = BucketConfig("products")


class ProductDelivery:
    """A `Deliver`. The entry goes first: whoever hears of a change finds it in the bucket already.

    Each event carries the whole entry, so any of them can be delivered at any time, also again.
    """

    def __init__(self, bus: EventBus, bucket: Bucket) -> None:
        self._bus = bus
        self._bucket = bucket

    async def __call__(self, product_id: str, events: Sequence[Event]) -> None:
        newest = max(events, key=lambda event: event.version)
        await put_if_newer(self._bucket, product_id, orjson.dumps(newest.data), newest.version)
        for event in events:
            await self._bus.publish(event)
