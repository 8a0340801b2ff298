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
    REPEATED = "repeated"
    REUSED = "reused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SessionLives:
    """How long sessions live: without a refresh (`idle`), and at the longest (`absolute`; `admin` for
    administrators). For `grace` after an exchange, the exchanged token still gets the newest one."""

    idle: timedelta
    absolute: timedelta
    admin: timedelta
    grace: timedelta

    def ends_at(self, authenticated_at: datetime, *roles: Role) -> datetime:
        """The end that no refresh postpones, for a user who has, or had at sign-in, these roles."""
        life = min(self.admin, self.absolute) if Role.ADMIN in roles else self.absolute
        return authenticated_at + life


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`<session id>.<secret>`. Only the SHA-256 of the secret is stored. The secret has 256 bits that nobody
    can guess, so it needs no salt and no slow hash."""

    session_id: str
    secret: str

    def __str__(self) -> str:
        return f"{self.session_id}.{self.secret}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def matches(self, digest: str) -> bool:
        return hmac.compare_digest(self.digest, digest)

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """The token, or None for a text that cannot be one."""
        session_id, dot, secret = text.partition(".")
        plausible = dot and secret and text.isascii() and session_id.isalnum() and len(session_id) <= 64
        return cls(session_id, secret) if plausible else None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device. `role` is the role at sign-in; the present role of the account decides what
    the user may do. `authenticated_at` is when the user proved who they are.

    `counter` is the number of the newest refresh token, `refresh_digest` its digest, and `previous_digest`
    that of the token that was exchanged for it at `exchanged_at`.
    """

    id: str
    user_id: str
    role: Role
    refresh_digest: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    authenticated_at: datetime
    user_agent: str = ""
    version: int = 1
    ended_at: datetime | None = None
    counter: int = 0
    previous_digest: str = ""
    exchanged_at: datetime | None = None

    @property
    def is_guest(self) -> bool:
        return self.role is Role.GUEST

    def alive(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.expires_at

    def exchange(
        self,
        token: RefreshToken,
        successor: RefreshToken,
        now: datetime,
        ends_at: datetime,
        lives: SessionLives,
    ) -> tuple[Session, Rotation]:
        """Exchanges `token`, which was issued for this session, for `successor`, and extends the session, at
        most to `ends_at`.

        The token before the newest one changes nothing for `lives.grace`: two tabs may have sent it at once,
        or the answer was lost, and its owner gets the newest token. Any older one, or the same one later, may
        be in the hands of somebody else, so the session ends (RFC 9700, section 4.14.2).
        """
        rotation = self._outcome(token, now, ends_at, lives.grace)
        if rotation is Rotation.ROTATED:
            return self._renewed(successor, now, min(now + lives.idle, ends_at)), rotation
        return self.end(now) if rotation is Rotation.REUSED else self, rotation

    def _outcome(self, token: RefreshToken, now: datetime, ends_at: datetime, grace: timedelta) -> Rotation:
        """What `exchange` would do with the token."""
        if not self.alive(now) or now >= ends_at:
            return Rotation.ENDED
        if token.matches(self.refresh_digest):
            return Rotation.ROTATED
        is_recent = self.exchanged_at is not None and now - self.exchanged_at <= grace
        return Rotation.REPEATED if is_recent and token.matches(self.previous_digest) else Rotation.REUSED

    def end(self, now: datetime) -> Session:
        """The ended session. All its tokens end with it, and it no longer says what device it was."""
        return replace(
            self,
            refresh_digest="",
            previous_digest="",
            user_agent="",
            ended_at=self.ended_at or now,
            expires_at=min(self.expires_at, now),
            version=self.version + 1,
        )

    def _renewed(self, successor: RefreshToken, now: datetime, expires_at: datetime) -> Session:
        return replace(
            self,
            counter=self.counter + 1,
            refresh_digest=successor.digest,
            previous_digest=self.refresh_digest,
            exchanged_at=now,
            refreshed_at=now,
            expires_at=expires_at,
            version=self.version + 1,
        )
