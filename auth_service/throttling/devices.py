"""Device tokens: a device that has signed in to an account is known to it, and has a budget of its own."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import Clock
from shared.ids import new_id

PURPOSE = "trolley device tokens"
"""The purpose of the keys that sign device tokens."""
DEVICE_TOKEN_MAX = 256
DEVICE_TOKEN_LIFE = timedelta(days=365)


class Account(Protocol):
    """What an account says about its device tokens: none counts that was made under credentials before the
    version `devices_from`."""

    @property
    def id(self) -> str: ...
    @property
    def credentials_version(self) -> int: ...
    @property
    def devices_from(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a user, and the version of the credentials under which its token was made."""

    user_id: str
    id: str
    credentials_version: int

    def is_known_to(self, user: Account) -> bool:
        return self.user_id == user.id and self.credentials_version >= user.devices_from


class DeviceTokens:
    """Makes device tokens, `<user id>.<device id>.<seconds since 1970>.<version>.<HMAC of the rest>`. A token
    signs nobody in. It lives for a year, and each sign-in renews it.

    The version is that of the account's credentials. A time could not tell a token from before a claim from
    one after it: a stranger's sign-in under way may get its token a moment later.
    """

    def __init__(self, keys: Sequence[bytes], clock: Clock) -> None:
        """The first key makes tokens, and all of them read tokens."""
        self._keys = keys
        self._clock = clock

    def issue(self, user: Account, shown: str | None = None) -> str:
        """A token for the device. If it has `shown` a token of this user, it stays the same device. `user`
        is the account as the proof found it, so a proof from before a claim gives no token that counts."""
        device_id = self.read(shown, user) or new_id()
        issued = int(self._clock.now().timestamp())
        payload = f"{user.id}.{device_id}.{issued}.{user.credentials_version}"
        return f"{payload}.{_proof(self._keys[0], payload)}"

    def read(self, text: str | None, user: Account) -> str | None:
        """The id of the device; None for a text that is no valid token of this user."""
        device = self.holder(text)
        return device.id if device is not None and device.is_known_to(user) else None

    def holder(self, text: str | None) -> Device | None:
        """The device that has the token; None for a text that is no valid token. Its account may not know it
        any more."""
        if not text or len(text) > DEVICE_TOKEN_MAX or not text.isascii():
            return None
        payload, _, proof = text.rpartition(".")
        if not any(hmac.compare_digest(proof, _proof(key, payload)) for key in self._keys):
            return None
        # Tokens of the former form have no version, and count as the oldest.
        user_id, device_id, issued, version = [*payload.split("."), "0"][:4]
        issued_at = datetime.fromtimestamp(int(issued), tz=self._clock.now().tzinfo)
        if self._clock.now() - issued_at >= DEVICE_TOKEN_LIFE:
            return None
        return Device(user_id, device_id, int(version))


def _proof(key: bytes, payload: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, payload.encode(), hashlib.sha256)).rstrip(b"=").decode()
