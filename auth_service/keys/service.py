"""Signing keys: created once, shared by all replicas. A rotation signs nobody out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from auth_service.keys.model import SigningKey, SigningKeyring
from auth_service.keys.ports import KeyPublisher, SigningKeyringRepository, TokenSigner
from shared.aggregates.change import Change
from shared.clock import Clock

KEYRING_ID = "current"


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """`lead` is the time between publishing a key and signing with it. `overlap` is the time that a key stays
    published after its successor begins to sign; it is longer than the life of an access token."""

    lead: timedelta
    overlap: timedelta


class KeyService:
    """The keys as this replica knows them; `load` brings them up to date."""

    def __init__(
        self,
        keyrings: SigningKeyringRepository,
        signer: TokenSigner,
        publisher: KeyPublisher,
        clock: Clock,
        policy: KeyPolicy,
    ) -> None:
        self._keyrings = keyrings
        self._signer = signer
        self._publisher = publisher
        self._clock = clock
        self._policy = policy
        self._ring = SigningKeyring(())

    async def load(self) -> None:
        """Reads the keys, and makes the first one where there is none; of several replicas that do, one wins.
        Raises `WrongSecret` when AUTH_SECRET does not open them."""
        self._adopt(await self._keyrings.update(KEYRING_ID, self._with_first_key))

    async def publish(self) -> None:
        """Makes the public keys known to every service. Raises `BusUnavailable`."""
        current = self.published()
        retired = [key for key in self._ring.keys if key not in current]
        await self._publisher.publish(current, retired)

    async def rotate(self) -> SigningKey:
        """Adds a key, publishes it, and gives it; it signs once every replica knows it. The last stays
        valid until its tokens have expired."""
        now = self._clock.now()
        key = self._signer.generate(now)

        def rotate(ring: SigningKeyring | None) -> Change[SigningKeyring, SigningKeyring]:
            rotated = (ring or SigningKeyring(())).rotated(key, now, self._policy.lead, self._policy.overlap)
            return Change(rotated, rotated)

        self._adopt(await self._keyrings.update(KEYRING_ID, rotate))
        await self.publish()
        return self._ring.keys[-1]

    def active(self) -> SigningKey:
        return self._ring.active(self._clock.now())

    def published(self) -> tuple[SigningKey, ...]:
        """The keys that verifiers need: the active one, its successor, and its predecessor for a while."""
        return self._ring.pruned(self._clock.now(), self._policy.overlap).keys

    def public_keys(self) -> list[Mapping[str, str]]:
        """The public keys as JSON Web Keys (RFC 7517)."""
        return [key.public for key in self.published()]

    def _with_first_key(self, ring: SigningKeyring | None) -> Change[SigningKeyring, SigningKeyring]:
        if ring is not None:
            return Change(None, ring)
        first = SigningKeyring((self._signer.generate(self._clock.now()),))
        return Change(first, first)

    def _adopt(self, ring: SigningKeyring) -> None:
        for key in ring.keys:
            self._signer.open(key)
        self._ring = ring
