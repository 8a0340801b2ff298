"""Signing out. The write that ends a session also records the event that revokes its access token, so
neither happens without the other. The revocation takes effect everywhere within a second, or as soon as NATS
is back."""

from __future__ import annotations

from auth_service.accounts.events import DELIVERY_SECONDS, UserSignedOut
from auth_service.accounts.model import User, is_live
from auth_service.accounts.ports import UserRepository
from auth_service.sessions.errors import SessionNotFound
from auth_service.sessions.events import SessionEnded
from auth_service.sessions.model import RefreshToken, Session
from auth_service.sessions.ports import SessionRepository
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.security.identity import Identity, Role


class SessionService:
    """Lists and ends the caller's own sessions."""

    def __init__(self, users: UserRepository, sessions: SessionRepository, clock: Clock) -> None:
        self._users = users
        self._sessions = sessions
        self._clock = clock

    async def logout(self, identity: Identity) -> None:
        """Ends the session that the token belongs to; repeating it changes nothing."""
        await self._end(identity.user_id, identity.role, identity.session_id)

    async def revoke(self, token: RefreshToken) -> None:
        """Ends the session of a token that was issued, also of a spent one (RFC 7009)."""
        session = await self._sessions.get(token.session_id)
        if session is not None:
            await self._end(session.user_id, session.role, session.id)

    async def logout_all(self, identity: Identity) -> None:
        """Ends every session of the account, by one write, so that none is missed."""
        now = self._clock.now()

        def sign_out(user: User | None) -> Change[User, None]:
            if not is_live(user):
                return Change(None, None)
            changed, ended = user.signed_out(now)
            signed_out = UserSignedOut.of(changed, {*ended, identity.session_id}, "logout_all")
            return Change(changed, None, [signed_out.to_event(now)])

        await self._users.update(identity.user_id, sign_out)
        await self._end(identity.user_id, identity.role, identity.session_id)
        await self._users.delivered(identity.user_id, DELIVERY_SECONDS)

    async def sessions(self, identity: Identity) -> list[Session]:
        """The caller's live sessions, oldest first."""
        user = await self._users.get(identity.user_id)
        ids = user.sessions if is_live(user) else (identity.session_id,)
        now = self._clock.now()
        return [session for session in await self._sessions.get_many(ids) if session and session.alive(now)]

    async def end(self, identity: Identity, session_id: str) -> None:
        """Ends one of the caller's sessions. Raises `SessionNotFound`."""
        if session_id not in {session.id for session in await self.sessions(identity)}:
            raise SessionNotFound
        await self._end(identity.user_id, identity.role, session_id)

    async def forget(self, session_id: str, user_id: str, role: Role) -> None:
        """Takes an ended session off the account's list. Waits up to DELIVERY_SECONDS for its revocation."""
        now = self._clock.now()

        def forget(user: User | None) -> Change[User, None]:
            if not is_live(user) or session_id not in user.sessions:
                return Change(None, None)
            return Change(user.without_session(session_id, now), None)

        if role is not Role.GUEST:
            await self._users.update(user_id, forget)
        await self._sessions.delivered(session_id, DELIVERY_SECONDS)

    async def _end(self, user_id: str, role: Role, session_id: str) -> None:
        now = self._clock.now()
        # A session without a document (an operator's token has none) is written as an ended one.
        unknown = Session(session_id, user_id, role, "", now, now, now, now)

        def end(session: Session | None) -> Change[Session, None]:
            if session is not None and session.ended_at is not None:
                return Change(None, None)
            ended = (session or unknown).end(now)
            return Change(ended, None, [SessionEnded.of(ended, "logout").to_event(now)])

        await self._sessions.update(session_id, end)
        await self.forget(session_id, user_id, role)
