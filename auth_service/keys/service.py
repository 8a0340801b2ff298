"""Use cases of the signing keys, which all replicas share. A rotation signs nobody out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

import orjson

from auth_service.keys.model import KeyState, SigningKey, SigningKeyring
from auth_service.keys.signing import Es256Signer
from shared.aggregates.change import Change
from shared.aggregates.ports import Repository
from shared.clock import Clock, to_rfc3339
from shared.errors import NotFound
from shared.events.ports import Entry, EventBus
from shared.observability.logging import get_logger
from shared.security.keyring import AUTH_KEYS

KEYRING_ID = "current"

_log = get_logger(__name__)


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

    async def rotate_if_older(self, age: timedelta) -> None:
        """Rotates if the newest key has been signing for that long. Of several replicas one rotates."""
        now = self._clock.now()
        key = self._signer.generate(now)

        def rotate(ring: SigningKeyring | None) -> Change[SigningKeyring, SigningKeyring]:
            if ring is None or not ring.is_older_than(age, now):
                return Change(None, ring or SigningKeyring(()))
            rotated = ring.rotated(key, now, self._lead, self._overlap)
            return Change(rotated, rotated)

        self._adopt(await self._keyrings.update(KEYRING_ID, rotate))
        if self._ring.keys[-1].kid == key.kid:
            _log.info(
                "signing key rotated", kid=key.kid, signs_from=to_rfc3339(self._ring.keys[-1].active_from)
            )
            await self.publish()

    async def revoke(self, kid: str) -> SigningKey:
        """Takes a key out at once: its tokens are refused. If it is the one that signs, a new one does from
        now on. Returns the key that signs. Raises `NotFound`, `StoreUnavailable`, `BusUnavailable`."""
        now = self._clock.now()
        replacement = self._signer.generate(now)

        def revoke(ring: SigningKeyring | None) -> Change[SigningKeyring, SigningKeyring]:
            if ring is None or kid not in {key.kid for key in ring.keys}:
                raise NotFound(f"There is no signing key {kid}. `keys list` shows which there are.")
            revoked = ring.without(kid, replacement, now)
            return Change(revoked, revoked)

        self._adopt(await self._keyrings.update(KEYRING_ID, revoke))
        await self.publish()
        await (await self._bus.bucket(AUTH_KEYS)).delete(kid)
        return self.active()

    async def remove_foreign(self, kids: Collection[str] | None = None) -> None:
        """Removes published keys (any, or of these ids) that are not in the keyring. Call `load` before.
        Raises `BusUnavailable`."""
        bucket = await self._bus.bucket(AUTH_KEYS)
        known = {key.kid for key in self._ring.keys}
        found = kids if kids is not None else [entry.key async for entry in bucket.scan()]
        for kid in {*found} - known:
            if await bucket.get(kid) is not None:
                _log.error("a signing key that auth did not make was removed from NATS", kid=kid)
                await bucket.delete(kid)

    def is_expected(self, entry: Entry) -> bool:
        """Returns whether this entry of the bucket is as this replica would write it."""
        public = {key.kid: orjson.dumps(dict(key.public)) for key in self.published()}
        return public.get(entry.key) == entry.value

    def all_keys(self) -> list[tuple[SigningKey, KeyState]]:
        """The published keys, in the order of their activation."""
        active, keys = self.active(), self.published()
        place = keys.index(active)
        states = (
            [KeyState.RETIRING] * place + [KeyState.SIGNING] + [KeyState.COMING] * (len(keys) - place - 1)
        )
        return list(zip(keys, states, strict=True))

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
