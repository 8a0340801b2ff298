"""Access tokens for tests, signed with a key that the services find where auth_service would put it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import nats
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk, jwt
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from nats.js.errors import BucketNotFoundError
from nats.js.kv import KeyValue

from shared.clock import Clock, SystemClock, to_rfc3339
from shared.ids import new_id
from shared.security.identity import SCOPES_OF_ROLE, Role, Scope


class TokenIssuer:
    """Issues tokens as auth_service does."""

    def __init__(
        self, clock: Clock | None = None, *, issuer: str = "trolley", audience: str = "trolley"
    ) -> None:
        self.kid = f"test-{new_id()}"
        self._clock = clock or SystemClock()
        self._defaults = {"iss": issuer, "aud": audience}
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._published: set[str] = set()

    @property
    def private_pem(self) -> str:
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public key, as in `auth_keys` and the JWKS."""
        public = self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        key = jwk.construct(public.decode(), "ES256").to_dict()
        return {**key, "kid": self.kid, "use": "sig", "alg": "ES256"}

    def token(
        self,
        user_id: str = "user-1",
        role: Role | str = Role.CUSTOMER,
        scopes: Iterable[Scope | str] | None = None,
        session_id: str = "session-1",
        expires_in: float = 600,
        typ: str | None = "at+jwt",
        **claims: Any,
    ) -> str:
        """A signed token with this `typ` in its header. `claims` replace the usual ones; a claim that is None
        is left out."""
        now = self._clock.now()
        granted = SCOPES_OF_ROLE[Role(role)] if scopes is None else scopes
        body = {
            **self._defaults,
            "sub": user_id,
            "client_id": "trolley",
            "sid": session_id,
            "scope": " ".join(sorted(granted)),
            "role": str(role),
            "auth_time": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(seconds=expires_in)).timestamp()),
            "jti": new_id(),
            **claims,
        }
        present = {name: value for name, value in body.items() if value is not None}
        headers = {"kid": self.kid, "typ": typ}
        return str(jwt.encode(present, self.private_pem, algorithm="ES256", headers=headers))

    def issue(self, user_id: str = "user-1", role: Role | str = Role.CUSTOMER, **options: Any) -> str:
        """The value of an `Authorization` header; see `token` for the options."""
        return f"Bearer {self.token(user_id, role, **options)}"

    async def publish_key(self, nats_url: str) -> None:
        """Puts the public key into the bucket of the services, once for each server."""
        if nats_url not in self._published:
            await put_entry(nats_url, "auth_keys", self.kid, self.public_jwk)
            self._published.add(nats_url)

    async def revoke(self, nats_url: str, session_id: str) -> None:
        """Ends a session, as a logout does."""
        revoked_at = to_rfc3339(self._clock.now())
        await put_entry(nats_url, "auth_revocations", session_id, {"revoked_at": revoked_at})


async def put_entry(nats_url: str, bucket: str, key: str, value: dict[str, Any]) -> int:
    """Writes one JSON value into a bucket, which is created if it is missing."""
    client = await nats.connect(nats_url)
    try:
        store = await _bucket(client.jetstream(), bucket)
        return await store.put(key, orjson.dumps(value))
    finally:
        await client.close()


async def _bucket(jetstream: JetStreamContext, name: str) -> KeyValue:
    try:
        return await jetstream.key_value(name)
    except BucketNotFoundError:
        return await jetstream.create_key_value(KeyValueConfig(bucket=name))
