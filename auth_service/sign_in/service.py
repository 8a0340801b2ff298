"""Signing in, and staying signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from auth_service.accounts.authentication import Authentication, Verified
from auth_service.accounts.credentials import NewAccount
from auth_service.accounts.errors import AccountDisabled, InvalidCredentials
from auth_service.accounts.events import UserSignedOut
from auth_service.accounts.model import User, guest, is_live
from auth_service.accounts.ports import Throttle, UserRepository
from auth_service.accounts.registration import Registration
from auth_service.clients import Client
from auth_service.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from auth_service.sessions.events import SessionEnded
from auth_service.sessions.model import USER_AGENT_MAX, RefreshToken, Rotation, Session
from auth_service.sessions.ports import SessionRepository
from auth_service.sessions.service import SessionService
from auth_service.sessions.tokens import AccessTokens, RefreshTokens, SignedIn
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.ids import new_id
from shared.security.identity import SCOPES_OF_ROLE, Role


class SignInService:
    """Opens sessions and renews their tokens. A session ends when it was not refreshed for `session_life`, or
    when its user has `sessions_per_user` newer ones."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: SessionRepository,
        registration: Registration,
        authentication: Authentication,
        throttle: Throttle,
        tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        session_service: SessionService,
        clock: Clock,
        session_life: timedelta,
        sessions_per_user: int,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._registration = registration
        self._authentication = authentication
        self._throttle = throttle
        self._tokens = tokens
        self._refresh_tokens = refresh_tokens
        self._session_service = session_service
        self._clock = clock
        self._session_life = session_life
        self._sessions_per_user = sessions_per_user

    async def register(self, account: NewAccount, client: Client) -> SignedIn:
        """A new customer, signed in. Raises `EmailAlreadyRegistered`, `TooManyRequests`,
        `PasswordsOverloaded`."""
        await self._throttle.sign_up(client.address)
        now, session_id = self._clock.now(), new_id()
        user = await self._registration.create(account, Role.CUSTOMER, sessions=(session_id,))
        return await self._open(user, session_id, client, now)

    async def login(self, email: str, password: str, client: Client) -> SignedIn:
        """Raises `InvalidCredentials`, `AccountDisabled`, `TooManyRequests`, `PasswordsOverloaded`."""
        verified = await self._authentication.sign_in(email, password, client)
        now, session_id = self._clock.now(), new_id()
        admit = _admit(verified, session_id, self._sessions_per_user, now)
        user = await self._users.update(verified.user.id, admit)
        return await self._open(user, session_id, client, now)

    async def guest(self, client: Client) -> SignedIn:
        """A new guest, who can have a cart but no account. Raises `TooManyRequests`."""
        await self._throttle.sign_up(client.address)
        now = self._clock.now()
        return await self._open(guest(new_id(), now), new_id(), client, now)

    async def refresh(self, text: str) -> SignedIn:
        """Exchanges a refresh token; it works once. Raises `InvalidRefreshToken`, `RefreshTokenReused`."""
        token = self._refresh_tokens.read(text)
        session = await self._sessions.get(token.session_id) if token else None
        if token is None or session is None:
            raise InvalidRefreshToken
        now = self._clock.now()
        user = await self._owner(session)
        successor = self._refresh_tokens.issue(session.id)
        rotation = await self._sessions.update(session.id, self._exchange(token, successor, now))
        if rotation is Rotation.REUSED:
            await self._session_service.forget(session.id, user.id, user.role)
            raise RefreshTokenReused
        if rotation is Rotation.ENDED:
            raise InvalidRefreshToken
        return self._signed_in(user, successor, now)

    def _exchange(
        self, token: RefreshToken, successor: RefreshToken, now: datetime
    ) -> Callable[[Session | None], Change[Session, Rotation]]:
        def exchange(session: Session | None) -> Change[Session, Rotation]:
            if session is None:
                return Change(None, Rotation.ENDED)
            changed, rotation = session.rotate(token, successor, now, self._session_life)
            if rotation is Rotation.ENDED:
                return Change(None, rotation)
            reused = SessionEnded.of(changed, "reuse")
            return Change(changed, rotation, [reused.to_event(now)] if rotation is Rotation.REUSED else [])

        return exchange

    async def _owner(self, session: Session) -> User:
        """The user of the session. Raises `InvalidRefreshToken` if the account has ended the session."""
        if session.is_guest:
            return guest(session.user_id, session.created_at)
        user = await self._users.get(session.user_id)
        if not is_live(user) or session.id not in user.sessions:
            raise InvalidRefreshToken
        return user

    async def _open(self, user: User, session_id: str, client: Client, now: datetime) -> SignedIn:
        token = self._refresh_tokens.issue(session_id)
        session = Session(
            session_id,
            user.id,
            user.role,
            token.digest,
            created_at=now,
            refreshed_at=now,
            expires_at=now + self._session_life,
            user_agent=client.user_agent[:USER_AGENT_MAX],
        )
        await self._sessions.update(session_id, lambda _: Change(session, None))
        return self._signed_in(user, token, now)

    def _signed_in(self, user: User, refresh_token: RefreshToken, now: datetime) -> SignedIn:
        session_id, scopes = refresh_token.session_id, SCOPES_OF_ROLE[user.role]
        access_token = self._tokens.issue(user.id, session_id, user.role, scopes, now)
        return SignedIn(user, access_token, self._tokens.expires_in, str(refresh_token))


def _admit(
    verified: Verified, session_id: str, limit: int, now: datetime
) -> Callable[[User | None], Change[User, User]]:
    """Adds the session to the newest account, which may have changed after the check of the password."""

    def admit(user: User | None) -> Change[User, User]:
        if not is_live(user) or user.credentials_version != verified.user.credentials_version:
            raise InvalidCredentials
        if user.disabled:
            raise AccountDisabled
        if verified.rehashed:
            user = user.rehashed(verified.rehashed)
        admitted, ended = user.signed_in(session_id, limit, now)
        signed_out = UserSignedOut.of(admitted, ended, "too_many_sessions")
        return Change(admitted, admitted, [signed_out.to_event(now)] if ended else [])

    return admit
