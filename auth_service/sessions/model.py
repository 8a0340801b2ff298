"""Sessions and their refresh tokens."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.security.identity import Role

USER_AGENT_MAX = 200


class Rotation(StrEnum):
    """The outcome of an attempt to exchange a refresh token."""

    ROTATED = "rotated"
    REUSED = "reused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`<session id>.<secret>`. Only the SHA-256 of the secret is stored. The secret has 256 random bits, so
    it needs no salt and no slow hash."""

    session_id: str
    secret: str

    def __str__(self) -> str:
        return f"{self.session_id}.{self.secret}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """The token, or None for a text that cannot be one."""
        session_id, dot, secret = text.partition(".")
        plausible = dot and secret and text.isascii() and session_id.isalnum() and len(session_id) <= 64
        return cls(session_id, secret) if plausible else None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device. `role` is the role at sign-in; the present role of the account decides what
    the user may do."""

    id: str
    user_id: str
    role: Role
    refresh_digest: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    user_agent: str = ""
    version: int = 1
    ended_at: datetime | None = None

    @property
    def is_guest(self) -> bool:
        return self.role is Role.GUEST

    def alive(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.expires_at

    def rotate(
        self, token: RefreshToken, successor: RefreshToken, now: datetime, life: timedelta
    ) -> tuple[Session, Rotation]:
        """Exchanges `token`, which was issued for this session, for `successor`, and extends the session by
        `life`.

        A token that is not the newest was exchanged before. Someone else may have it, so the session ends
        (RFC 9700, section 4.14.2). Therefore one of two concurrent exchanges ends the session.
        """
        if not self.alive(now):
            return self, Rotation.ENDED
        if not hmac.compare_digest(self.refresh_digest, token.digest):
            return self.end(now), Rotation.REUSED
        renewed = replace(
            self,
            refresh_digest=successor.digest,
            refreshed_at=now,
            expires_at=now + life,
            version=self.version + 1,
        )
        return renewed, Rotation.ROTATED

    def end(self, now: datetime) -> Session:
        """The ended session. All its tokens end with it."""
        return replace(self, refresh_digest="", ended_at=self.ended_at or now, version=self.version + 1)
