"""Public keys in the bucket `auth_keys`: key id → public JWK, which every service watches."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from auth_service.keys.model import SigningKey
from shared.events.ports import Bucket, EventBus
from shared.security.keyring import AUTH_KEYS


class BucketKeyPublisher:
    """Adds missing keys and removes old ones; a repeat writes nothing."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def publish(self, current: Sequence[SigningKey], retired: Sequence[SigningKey]) -> None:
        bucket = await self._bus.bucket(AUTH_KEYS)
        for key in current:
            await _put(bucket, key.kid, orjson.dumps(dict(key.public)))
        for key in retired:
            if await bucket.get(key.kid) is not None:
                await bucket.delete(key.kid)


async def _put(bucket: Bucket, key: str, value: bytes) -> None:
    entry = await bucket.get(key)
    if entry is None or entry.value != value:
        await bucket.put(key, value)
