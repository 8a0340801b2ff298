"""Use cases of the signing keys, which all replicas share. A rotation signs nobody out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import orjson

from auth_service.keys.model import SigningKey, SigningKeyring
from auth_service.keys.signing import Es256Signer
from shared.aggregates.change import Change
from shared.aggregates.ports import Repository
from shared.clock import Clock
from shared.events.ports import EventBus
from shared.security.keyring import AUTH_KEYS

KEYRING_ID = "current"


class KeyService:
    """The keys as this replica knows them; `load` brings them up to date.

    `lead` is the time between publishing a key and signing with it. `overlap` is the time that a key stays
    published after its successor begins to sign; it is longer than the life of an access token.
    """

    def __init__(
        self,
        keyrings: Repository[SigningKeyring],
        signer: Es256Signer,
        bus: EventBus,
        clock: Clock,
        *,
        lead: timedelta,
        overlap: timedelta,
    ) -> None:
        self._keyrings = keyrings
        self._signer = signer
        self._bus = bus
        self._clock = clock
        self._lead = lead
        self._overlap = overlap
        self._ring = SigningKeyring(())

    async def load(self) -> None:
        """Reads the keys, and makes the first one if there is none. Of several replicas that make one, one
        wins. Seals keys of the previous secret with the current one. Raises `WrongSecret` when neither
        secret opens the keys."""
        self._adopt(await self._keyrings.update(KEYRING_ID, self._sealed))

    async def publish(self) -> None:
        """Puts the public keys into the bucket that every service watches, and takes the retired ones out. A
        repeat writes nothing. Raises `BusUnavailable`."""
        bucket, current = await self._bus.bucket(AUTH_KEYS), self.published()
        for key in current:
            value = orjson.dumps(dict(key.public))
            entry = await bucket.get(key.kid)
            if entry is None or entry.value != value:
                await bucket.put(key.kid, value)
        for key in self._ring.keys:
            if key not in current and await bucket.get(key.kid) is not None:
                await bucket.delete(key.kid)

    async def rotate(self) -> SigningKey:
        """Adds a key, publishes it, and returns it. It signs once every replica knows it. The previous key
        stays valid until its tokens have expired."""
        now = self._clock.now()
        key = self._signer.generate(now)

        def rotate(ring: SigningKeyring | None) -> Change[SigningKeyring, SigningKeyring]:
            rotated = (ring or SigningKeyring(())).rotated(key, now, self._lead, self._overlap)
            return Change(rotated, rotated)

        self._adopt(await self._keyrings.update(KEYRING_ID, rotate))
        await self.publish()
        return self._ring.keys[-1]

    def active(self) -> SigningKey:
        return self._ring.active(self._clock.now())

    def published(self) -> tuple[SigningKey, ...]:
        """The keys that verifiers need: the active one, its successor, and its predecessor for a while."""
        return self._ring.pruned(self._clock.now(), self._overlap).keys

    def public_keys(self) -> list[Mapping[str, str]]:
        """The public keys as JSON Web Keys (RFC 7517)."""
        return [key.public for key in self.published()]

    def _sealed(self, ring: SigningKeyring | None) -> Change[SigningKeyring, SigningKeyring]:
        if ring is not None:
            resealed = SigningKeyring(tuple(self._signer.resealed(key) for key in ring.keys))
            return Change(None if resealed == ring else resealed, resealed)
        first = SigningKeyring((self._signer.generate(self._clock.now()),))
        return Change(first, first)

    def _adopt(self, ring: SigningKeyring) -> None:
        for key in ring.keys:
            self._signer.open(key)
        self._ring = ring
