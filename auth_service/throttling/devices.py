"""Device tokens: a device that has signed in to an account is known to it, and has a budget of its own."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.ids import new_id

PURPOSE = "trolley device tokens"
"""The purpose of the keys that sign device tokens."""
DEVICE_TOKEN_MAX = 256
DEVICE_TOKEN_LIFE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a user."""

    user_id: str
    id: str


class DeviceTokens:
    """Makes device tokens, `<user id>.<device id>.<seconds since 1970>.<HMAC of the rest>`. A token signs
    nobody in. It lives for a year, and each sign-in renews it."""

    def __init__(self, keys: Sequence[bytes], clock: Clock) -> None:
        """The first key makes tokens, and all of them read tokens."""
        self._keys = keys
        self._clock = clock

    def issue(self, user_id: str, shown: str | None = None) -> str:
        """A token for the device. If it has `shown` a token of this user, it stays the same device."""
        device_id = (shown and self.read(shown, user_id)) or new_id()
        payload = f"{user_id}.{device_id}.{int(self._clock.now().timestamp())}"
        return f"{payload}.{_proof(self._keys[0], payload)}"

    def read(self, text: str, user_id: str) -> str | None:
        """The id of the device; None for a text that is no valid token of this user."""
        device = self.holder(text)
        return device.id if device is not None and device.user_id == user_id else None

    def holder(self, text: str | None) -> Device | None:
        """The device that has the token; None for a text that is no valid token."""
        if not text or len(text) > DEVICE_TOKEN_MAX or not text.isascii():
            return None
        payload, _, proof = text.rpartition(".")
        if not any(hmac.compare_digest(proof, _proof(key, payload)) for key in self._keys):
            return None
        user_id, device_id, issued = payload.split(".")
        issued_at = datetime.fromtimestamp(int(issued), tz=self._clock.now().tzinfo)
        if self._clock.now() - issued_at >= DEVICE_TOKEN_LIFE:
            return None
        return Device(user_id, device_id)


def _proof(key: bytes, payload: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, payload.encode(), hashlib.sha256)).rstrip(b"=").decode()
