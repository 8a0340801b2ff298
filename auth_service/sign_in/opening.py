"""Opening a session, for every way to sign in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from auth_service.accounts.errors import AccountDisabled
from auth_service.accounts.events import SignInMethod, UserSignedIn, UserSignedOut
from auth_service.accounts.model import User, is_live
from auth_service.accounts.ports import UserRepository
from auth_service.clients import Client
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import Actor
from auth_service.sessions.model import USER_AGENT_MAX, Session
from auth_service.sessions.ports import SessionRepository
from auth_service.sessions.tokens import SessionTokens, SignedIn
from auth_service.throttling.devices import DeviceTokens
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.ids import new_id
from shared.security.identity import Role


def _as_it_is(user: User) -> User:
    return user


class SessionOpener:
    """Opens sessions. A user with more than `sessions_per_user` loses the oldest."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: SessionRepository,
        tokens: SessionTokens,
        devices: DeviceTokens,
        clock: Clock,
        sessions_per_user: int,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._tokens = tokens
        self._devices = devices
        self._clock = clock
        self._sessions_per_user = sessions_per_user

    async def open(
        self,
        user_id: str,
        client: Client,
        *,
        admit: Callable[[User], User] = _as_it_is,
        method: SignInMethod = "password",
    ) -> SignedIn:
        """Signs the user in, who has just proved who they are. `admit` gets the newest account; it may change
        it, or raise. `method` is how the user proved it. Raises `AccountDisabled`, also for a deleted
        account."""
        now, session_id = self._clock.now(), new_id()
        actor = Actor(user_id, client)
        add = self._added(session_id, now, admit, actor)

        def change(newest: User | None) -> Change[User, User]:
            added = add(newest)
            signed_in = UserSignedIn.of(added.result, session_id, method).to_event(now)
            return replace(added, events=[witnessed(signed_in, actor), *added.events])

        user = await self._users.update(user_id, change)
        return await self.open_listed(user, session_id, client, now)

    async def open_listed(self, user: User, session_id: str, client: Client, now: datetime) -> SignedIn:
        """Opens a session that the account lists already, or that of a guest, who has no account and so no
        known device."""
        token = self._tokens.refresh.issue(session_id, 1)
        ends_at = self._tokens.lives.ends_at(now, user.role)
        session = Session(
            session_id,
            user.id,
            user.role,
            token.digest,
            created_at=now,
            refreshed_at=now,
            expires_at=min(now + self._tokens.lives.idle, ends_at),
            authenticated_at=now,
            user_agent=client.user_agent[:USER_AGENT_MAX],
            counter=1,
        )
        # A sign-out everywhere may have ended it already.
        await self._sessions.update(
            session_id, lambda known: Change(None if known else session, None), is_first=True
        )
        device = None if user.role is Role.GUEST else self._devices.issue(user, client.device)
        return replace(self._tokens.of(user, session, token, now), device_token=device)

    def _added(
        self, session_id: str, now: datetime, admit: Callable[[User], User], actor: Actor
    ) -> Callable[[User | None], Change[User, User]]:
        """Adds the session to the newest account, which may have changed after the proof."""

        def add(newest: User | None) -> Change[User, User]:
            if not is_live(newest):
                raise AccountDisabled
            user = admit(newest)
            if user.disabled:
                raise AccountDisabled
            signed_in, ended = user.signed_in(session_id, self._sessions_per_user, now)
            signed_out = UserSignedOut.of(signed_in, ended, "too_many_sessions", actor.id).to_event(now)
            return Change(signed_in, signed_in, [witnessed(signed_out, actor)] if ended else [])

        return add
