"""The keys that sign access tokens, and their rotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An ES256 key pair. `sealed` is the private key, encrypted with AUTH_SECRET, and `public` is the JWK
    (RFC 7517). It signs from `active_from` on, until a newer key does."""

    kid: str
    sealed: str
    public: Mapping[str, str]
    active_from: datetime


class KeyState(StrEnum):
    """RETIRING: its tokens are still valid. COMING: published, and not yet used."""

    RETIRING = "retiring"
    SIGNING = "signing"
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class SigningKeyring:
    """All signing keys, in the order of their activation. They are one document, so replicas always agree.

    A new key is published at once and signs after `lead`, when every replica knows it. The previous key stays
    published for `overlap` longer, until the last token it signed has expired.
    """

    keys: tuple[SigningKey, ...]

    def active(self, now: datetime) -> SigningKey:
        """The key that signs now: the last one whose time has come, or else the first."""
        due = [key for key in self.keys if key.active_from <= now]
        return due[-1] if due else self.keys[0]

    def rotated(self, key: SigningKey, now: datetime, lead: timedelta, overlap: timedelta) -> SigningKeyring:
        """The keyring with one more key, which signs after `lead` (the first key at once), and without
        retired keys."""
        latest = [other.active_from for other in self.keys[-1:]]
        active_from = max(now + lead, *latest) if latest else now
        return SigningKeyring((*self.pruned(now, overlap).keys, replace(key, active_from=active_from)))

    def without(self, kid: str, replacement: SigningKey, now: datetime) -> SigningKeyring:
        """The keyring without that key. If it signs now, the replacement signs from now on."""
        kept = [key for key in self.keys if key.kid != kid]
        if not kept or self.active(now).kid == kid:
            kept.append(replace(replacement, active_from=now))
        return SigningKeyring(tuple(sorted(kept, key=lambda key: key.active_from)))

    def is_older_than(self, age: timedelta, now: datetime) -> bool:
        """Returns whether the newest key has been signing for that long."""
        return not self.keys or self.keys[-1].active_from + age <= now

    def pruned(self, now: datetime, overlap: timedelta) -> SigningKeyring:
        """The keyring without keys whose successor has been signing for longer than `overlap`."""
        pairs = zip(self.keys, self.keys[1:], strict=False)
        retired = {key.kid for key, successor in pairs if successor.active_from + overlap <= now}
        return SigningKeyring(tuple(key for key in self.keys if key.kid not in retired))
