"""Keys derived from the service's secret, and the signer that seals private keys with one."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jose import jwk, jws
from jose.backends.base import Key

from auth_service.keys.model import SigningKey
from shared.errors import Unavailable
from shared.ids import new_id
from shared.security.keyring import ALGORITHM
from shared.security.verifier import ACCESS_TOKEN_TYPE

_NONCE_BYTES = 12


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes (HKDF-SHA256, RFC 5869). The key of one purpose reveals nothing about another key."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


@dataclass(frozen=True, slots=True)
class Secrets:
    """The service's secret, and the one before it while the secret changes. Whatever is signed, derived or
    sealed is made with the current secret, and read with either."""

    current: str
    previous: str = ""

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """The key of each secret for this purpose, the current one first."""
        return tuple(derive_key(secret, purpose) for secret in (self.current, self.previous) if secret)


class WrongSecret(Unavailable):
    """The signing keys in the store were sealed with another AUTH_SECRET, so the service cannot start."""

    code = "wrong-secret"


class Es256Signer:
    """Seals private keys with AES-256-GCM under a key derived from the secret. The key's id is authenticated
    with it, so sealed keys cannot be swapped in the store."""

    def __init__(self, secrets: Secrets) -> None:
        self._ciphers = [AESGCM(key) for key in secrets.keys("trolley signing keys")]
        self._opened: dict[str, Key] = {}

    def generate(self, active_from: datetime) -> SigningKey:
        private, kid = ec.generate_private_key(ec.SECP256R1()), new_id()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return SigningKey(kid, self._seal(kid, pem), _public_jwk(kid, private.public_key()), active_from)

    def open(self, key: SigningKey) -> None:
        """Makes the key ready to sign. Raises `WrongSecret` when it was sealed with another secret."""
        if key.kid not in self._opened:
            self._opened[key.kid] = jwk.construct(self._unseal(key).decode(), ALGORITHM)

    def resealed(self, key: SigningKey) -> SigningKey:
        """The key sealed with the current secret; the same key if it already is. Raises `WrongSecret`."""
        sealed = base64.b64decode(key.sealed)
        try:
            self._ciphers[0].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.kid.encode())
        except InvalidTag:
            return replace(key, sealed=self._seal(key.kid, self._unseal(key)))
        return key

    def sign(self, key: SigningKey, claims: Mapping[str, Any]) -> str:
        """An access token (RFC 9068), a compact JWS with the key's id in its header."""
        self.open(key)
        opened: Any = self._opened[key.kid]
        headers = {"typ": ACCESS_TOKEN_TYPE, "kid": key.kid}
        return str(jws.sign(orjson.dumps(claims), opened, headers, ALGORITHM))

    def _seal(self, kid: str, private: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        return base64.b64encode(nonce + self._ciphers[0].encrypt(nonce, private, kid.encode())).decode()

    def _unseal(self, key: SigningKey) -> bytes:
        sealed = base64.b64decode(key.sealed)
        for cipher in self._ciphers:
            with suppress(InvalidTag):
                return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.kid.encode())
        raise WrongSecret(
            "AUTH_SECRET does not open the signing keys in the store, and neither does AUTH_SECRET_PREVIOUS. "
            "Set the secret that they were made with. Or remove the collection `signing_keys`: new keys are "
            "made, and everybody must sign in again."
        )


def _public_jwk(kid: str, public: ec.EllipticCurvePublicKey) -> dict[str, str]:
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {**jwk.construct(pem.decode(), ALGORITHM).to_dict(), "kid": kid, "use": "sig", "alg": ALGORITHM}
