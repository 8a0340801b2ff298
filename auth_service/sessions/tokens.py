"""Access tokens and refresh tokens."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from auth_service.accounts.model import User
from auth_service.keys.service import KeyService
from auth_service.keys.signing import Es256Signer
from auth_service.sessions.model import RefreshToken, Session, SessionLives
from shared.ids import new_id
from shared.security.identity import SCOPES_OF_ROLE, Role, Scope

CLIENT_ID = "trolley"
"""The shop's own pages and apps are one client. It is public, so it has no secret (RFC 6749, section 2.1)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The tokens that a client gets when it signs in. `expires_in` is the access token's life in seconds,
    `session_seconds` is the longest life that is left to the session."""

    user: User
    access_token: str
    expires_in: int
    refresh_token: str
    session_seconds: int
    device_token: str | None = None


class AccessTokens:
    """Makes access tokens with the active key, with the claims of RFC 9068."""

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
        self,
        user_id: str,
        session_id: str,
        role: Role,
        scopes: Iterable[Scope],
        issued_at: datetime,
        *,
        authenticated_at: datetime,
        expires_in: int,
    ) -> str:
        """The caller must read `issued_at` before it checks that the session is alive. A revocation is
        remembered for the life of a token, so it then outlasts every token of its session."""
        issued = int(issued_at.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user_id,
            "client_id": CLIENT_ID,
            "sid": session_id,
            "scope": " ".join(sorted(scopes)),
            "role": str(role),
            "auth_time": int(authenticated_at.timestamp()),
            "iat": issued,
            "exp": issued + expires_in,
            "jti": new_id(),
        }
        return self._signer.sign(self._keys.active(), claims)


class RefreshTokens:
    """Makes refresh tokens, `<session id>.<counter>.<HMAC of both>`, and reads only tokens that it made.

    The counter and the secret give a token again, so the store keeps digests alone. The id of a session is
    public: every access token and event has it. Without the HMAC, anybody with that id could end the session
    with a forged token, because a forged token looks like a spent one. Tokens of former releases have a
    random text instead of the counter.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        """It makes tokens with the first key, and reads those of any."""
        self._keys = keys

    def issue(self, session_id: str, counter: int) -> RefreshToken:
        return _token(self._keys[0], session_id, str(counter))

    def newest(self, session: Session) -> RefreshToken | None:
        """The session's newest token; None if it was made with a key that is not known."""
        tokens = (_token(key, session.id, str(session.counter)) for key in self._keys)
        return next((token for token in tokens if token.matches(session.refresh_digest)), None)

    def read(self, text: str) -> RefreshToken | None:
        """The token, or None for a text that was never issued."""
        token = RefreshToken.parse(text)
        if token is None:
            return None
        number = token.secret.rpartition(".")[0]
        expected = [_token(key, token.session_id, number).secret.encode() for key in self._keys]
        return token if any(hmac.compare_digest(token.secret.encode(), each) for each in expected) else None


def _token(key: bytes, session_id: str, number: str) -> RefreshToken:
    digest = hmac.digest(key, f"{session_id}.{number}".encode(), hashlib.sha256)
    return RefreshToken(session_id, f"{number}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}")


class SessionTokens:
    """The tokens of sessions, within the sessions' lives."""

    def __init__(self, access: AccessTokens, refresh: RefreshTokens, lives: SessionLives) -> None:
        self._access = access
        self.refresh = refresh
        self.lives = lives

    def ends_at(self, session: Session, user: User) -> datetime:
        """The end that no refresh of the session postpones."""
        return self.lives.ends_at(session.authenticated_at, session.role, user.role)

    def of(self, user: User, session: Session, refresh_token: RefreshToken, now: datetime) -> SignedIn:
        """A fresh access token, which does not outlive the session, beside this refresh token. The caller
        must read `now` before it checks that the session is alive."""
        left = int((self.ends_at(session, user) - now).total_seconds())
        expires_in = min(self._access.expires_in, left)
        access_token = self._access.issue(
            user.id,
            session.id,
            user.role,
            SCOPES_OF_ROLE[user.role],
            now,
            authenticated_at=session.authenticated_at,
            expires_in=expires_in,
        )
        return SignedIn(user, access_token, expires_in, str(refresh_token), left)
