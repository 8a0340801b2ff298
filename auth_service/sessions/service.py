"""Signing out. The write that ends a session also records the event that revokes its access token, so
neither happens without the other. The revocation takes effect everywhere within a second, or as soon as NATS
is back."""

from __future__ import annotations

from contextlib import suppress

from auth_service.accounts.events import DELIVERY_SECONDS, UserSignedOut
from auth_service.accounts.model import User, is_live
from auth_service.accounts.ports import UserRepository
from auth_service.clients import Client
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import Actor
from auth_service.sessions.errors import SessionNotFound
from auth_service.sessions.events import EndReason, SessionEnded
from auth_service.sessions.model import RefreshToken, Session
from auth_service.sessions.ports import SessionRepository
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.errors import Unavailable
from shared.events.contracts import UserDeleted
from shared.security.identity import Identity, Role


class SessionService:
    """Lists and ends the caller's own sessions."""

    def __init__(self, users: UserRepository, sessions: SessionRepository, clock: Clock) -> None:
        self._users = users
        self._sessions = sessions
        self._clock = clock

    async def logout(self, identity: Identity, client: Client | None = None) -> None:
        """Ends the session that the token belongs to; repeating it changes nothing. A guest is deleted with
        it, because nobody can come back to the cart."""
        await self._end(identity.user_id, identity.role, identity.session_id, client)

    async def end_guest(self, guest: Identity | None) -> None:
        """Ends the session of a guest who signed in. The cart stays, to be merged. The sign-in holds if the
        store is away."""
        if guest is not None:
            with suppress(Unavailable):
                await self._end(guest.user_id, Role.GUEST, guest.session_id, None, "signed_in")

    async def revoke(self, token: RefreshToken, client: Client | None = None) -> None:
        """Ends the session of a token that was issued, also of a spent one (RFC 7009)."""
        session = await self._sessions.get(token.session_id)
        if session is not None:
            await self._end(session.user_id, session.role, session.id, client)

    async def logout_all(self, identity: Identity, client: Client | None = None) -> None:
        """Ends every session of the account, by one write, so that none is missed."""
        now = self._clock.now()

        def sign_out(user: User | None) -> Change[User, None]:
            if not is_live(user):
                return Change(None, None)
            changed, ended = user.signed_out(now)
            ids, actor = {*ended, identity.session_id}, Actor(identity.user_id, client)
            signed_out = UserSignedOut.of(changed, ids, "logout_all", actor.id).to_event(now)
            return Change(changed, None, [witnessed(signed_out, actor)])

        await self._users.update(identity.user_id, sign_out)
        await self._end(identity.user_id, identity.role, identity.session_id, None)
        await self._users.delivered(identity.user_id, DELIVERY_SECONDS)

    async def sessions(self, identity: Identity) -> list[Session]:
        """The caller's live sessions, oldest first."""
        user = await self._users.get(identity.user_id)
        ids = user.sessions if is_live(user) else (identity.session_id,)
        now = self._clock.now()
        return [session for session in await self._sessions.get_many(ids) if session and session.alive(now)]

    async def end(self, identity: Identity, session_id: str, client: Client | None = None) -> None:
        """Ends one of the caller's sessions. Raises `SessionNotFound`."""
        if session_id not in {session.id for session in await self.sessions(identity)}:
            raise SessionNotFound
        await self._end(identity.user_id, identity.role, session_id, client)

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

    async def _end(
        self,
        user_id: str,
        role: Role,
        session_id: str,
        client: Client | None,
        reason: EndReason = "logout",
    ) -> None:
        """The owner's log shows it if there is a `client`."""
        now = self._clock.now()
        # A session without a document (an operator's token has none) is written as an ended one.
        unknown = Session(session_id, user_id, role, "", now, now, now, now)

        def end(session: Session | None) -> Change[Session, None]:
            if session is not None and session.ended_at is not None:
                return Change(None, None)
            ended = (session or unknown).end(now)
            event = SessionEnded.of(ended, reason, user_id).to_event(now)
            if role is Role.GUEST:
                gone = UserDeleted(user_id, ended.version, [session_id], user_id).to_event(now)
                return Change(ended, None, [event, gone] if reason == "logout" else [event])
            return Change(ended, None, [witnessed(event, Actor(user_id, client)) if client else event])

        await self._sessions.update(session_id, end)
        await self.forget(session_id, user_id, role)
