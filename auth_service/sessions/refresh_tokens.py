"""Refresh tokens that prove by themselves that they were issued here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from auth_service.sessions.model import RefreshToken


class RefreshTokens:
    """Makes refresh tokens, `<session id>.<random>.<HMAC of both>`, and reads those that it made.

    A session's id is no secret: it is in every access token and in events. Without the HMAC anybody who knows
    it could end the session with a token that was never issued, since that looks like a spent one.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, session_id: str) -> RefreshToken:
        random = secrets.token_urlsafe(32)
        return RefreshToken(session_id, f"{random}.{self._proof(session_id, random)}")

    def read(self, text: str) -> RefreshToken | None:
        """None for what was never issued."""
        token = RefreshToken.parse(text)
        if token is None:
            return None
        random, _, proof = token.secret.rpartition(".")
        expected = self._proof(token.session_id, random)
        return token if hmac.compare_digest(proof.encode(), expected.encode()) else None

    def _proof(self, session_id: str, random: str) -> str:
        digest = hmac.digest(self._key, f"{session_id}.{random}".encode(), hashlib.sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()
