"""Access tokens and refresh tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from auth_service.accounts.model import User
from auth_service.keys.service import KeyService
from auth_service.keys.signing import Es256Signer
from auth_service.sessions.model import RefreshToken
from shared.ids import new_id
from shared.security.identity import Role, Scope


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The tokens that a client gets when it signs in. `expires_in` is the access token's life in seconds."""

    user: User
    access_token: str
    expires_in: int
    refresh_token: str


class AccessTokens:
    """Makes access tokens with the active key."""

    def __init__(
        self, keys: KeyService, signer: Es256Signer, *, issuer: str, audience: str, expires_in: int
    ) -> None:
        """`expires_in` is the life of a token in seconds."""
        self._keys = keys
        self._signer = signer
        self._issuer = issuer
        self._audience = audience
        self.expires_in = expires_in

    def issue(
        self, user_id: str, session_id: str, role: Role, scopes: Iterable[Scope], issued_at: datetime
    ) -> str:
        """The caller must read `issued_at` before it checks that the session is alive. A revocation is
        remembered for the life of a token, so it then outlasts every token of its session."""
        issued = int(issued_at.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user_id,
            "sid": session_id,
            "scope": " ".join(sorted(scopes)),
            "role": str(role),
            "iat": issued,
            "exp": issued + self.expires_in,
            "jti": new_id(),
        }
        return self._signer.sign(self._keys.active(), claims)


class RefreshTokens:
    """Makes refresh tokens, `<session id>.<random>.<HMAC of both>`, and reads only tokens that it made.

    The id of a session is public: every access token and event has it. Without the HMAC, anybody with that id
    could end the session with a forged token, because a forged token looks like a spent one.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, session_id: str) -> RefreshToken:
        random = secrets.token_urlsafe(32)
        return RefreshToken(session_id, f"{random}.{self._proof(session_id, random)}")

    def read(self, text: str) -> RefreshToken | None:
        """The token, or None for a text that was never issued."""
        token = RefreshToken.parse(text)
        if token is None:
            return None
        random, _, proof = token.secret.rpartition(".")
        expected = self._proof(token.session_id, random)
        return token if hmac.compare_digest(proof.encode(), expected.encode()) else None

    def _proof(self, session_id: str, random: str) -> str:
        digest = hmac.digest(self._key, f"{session_id}.{random}".encode(), hashlib.sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()
