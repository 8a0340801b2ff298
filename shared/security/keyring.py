"""The public keys of access tokens, watched in the bucket `auth_keys`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from jose import jwk
from jose.backends.base import Key
from jose.exceptions import JOSEError

from shared.events.ports import BucketConfig, Entry, EventBus, Watch
from shared.observability.logging import get_logger

AUTH_KEYS = BucketConfig("auth_keys")
"""Key id → public JSON Web Key (RFC 7517), written by auth_service."""

ALGORITHM = "ES256"
CONFIRM_SECONDS = 60.0

_log = get_logger(__name__)


class Keyring:
    """Knows every public key, even while NATS is away. It forgets a key at once if auth_service deletes it.

    If the watch may have missed changes, each key must appear in the replay within `confirm_seconds`. Until
    then it is still trusted, so a restart of NATS signs nobody out.
    """

    def __init__(self, *, confirm_seconds: float = CONFIRM_SECONDS) -> None:
        self.generation = 0
        """Changes whenever a key is added or forgotten. Earlier verifications do not count then."""
        self._keys: dict[str, Key] = {}
        self._unconfirmed: set[str] = set()
        self._confirm_seconds = confirm_seconds
        self._confirming: asyncio.TimerHandle | None = None
        self._watch: Watch | None = None

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def connected(self) -> bool:
        """False while changes may be missed."""
        return self._watch is not None and self._watch.connected

    async def start(self, bus: EventBus) -> None:
        """Returns once all present keys are known. Raises `BusUnavailable`."""
        bucket = await bus.bucket(AUTH_KEYS)
        self._watch = await bucket.watch(self.apply, replay=True, on_gap=self.doubt)

    async def stop(self) -> None:
        if self._confirming is not None:
            self._confirming.cancel()
        if self._watch is not None:
            await self._watch.stop()

    def get(self, key_id: str) -> Key | None:
        return self._keys.get(key_id)

    def apply(self, entry: Entry) -> None:
        """Applies a change of the bucket. A value that is not an ES256 key is logged and ignored."""
        self._unconfirmed.discard(entry.key)
        if entry.value is None:
            self._forget(entry.key)
            return
        try:
            self._keys[entry.key] = _public_key(orjson.loads(entry.value))
        except (JOSEError, ValueError, TypeError) as error:
            _log.error("unusable signing key ignored", kid=entry.key, reason=str(error))
            return
        self.generation += 1

    def doubt(self) -> None:
        """Trusts the present keys only until the replay, because changes may have been missed."""
        self._unconfirmed |= self._keys.keys()
        if self._confirming is not None:
            self._confirming.cancel()
        loop = asyncio.get_running_loop()
        self._confirming = loop.call_later(self._confirm_seconds, self._forget_unconfirmed)

    def _forget_unconfirmed(self) -> None:
        for key_id in self._unconfirmed:
            self._forget(key_id)
        self._unconfirmed.clear()

    def _forget(self, key_id: str) -> None:
        if self._keys.pop(key_id, None) is not None:
            self.generation += 1


def _public_key(data: Mapping[str, Any]) -> Key:
    if not isinstance(data, dict) or data.get("kty") != "EC" or data.get("crv") != "P-256" or "d" in data:
        raise ValueError("not a public key on the curve P-256")
    return jwk.construct({"kty": "EC", "crv": "P-256", "x": data.get("x"), "y": data.get("y")}, ALGORITHM)
