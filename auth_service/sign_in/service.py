"""Signing in, and staying signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from auth_service.accounts.authentication import Authentication, Verified
from auth_service.accounts.credentials import NewAccount
from auth_service.accounts.errors import AccountDisabled, InvalidCredentials, PasswordTooWeak
from auth_service.accounts.model import User, guest, is_live
from auth_service.accounts.password_rules import is_privileged
from auth_service.accounts.ports import Throttle, UserRepository
from auth_service.accounts.registration import Registration
from auth_service.clients import Client
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import Actor
from auth_service.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from auth_service.sessions.events import SessionEnded
from auth_service.sessions.model import RefreshToken, Rotation, Session
from auth_service.sessions.ports import SessionRepository
from auth_service.sessions.service import SessionService
from auth_service.sessions.tokens import SessionTokens, SignedIn
from auth_service.sign_in.opening import SessionOpener
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.errors import NotAuthenticated
from shared.ids import new_id
from shared.security.identity import Identity, Role
from shared.security.verifier import TokenVerifier


class SignInService:
    """Opens sessions and renews their tokens."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: SessionRepository,
        registration: Registration,
        authentication: Authentication,
        throttle: Throttle,
        tokens: SessionTokens,
        opener: SessionOpener,
        session_service: SessionService,
        clock: Clock,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._registration = registration
        self._authentication = authentication
        self._throttle = throttle
        self._tokens = tokens
        self._opener = opener
        self._session_service = session_service
        self._clock = clock

    async def register(self, account: NewAccount, client: Client, guest: Identity | None = None) -> SignedIn:
        """A new customer, signed in. The session of the `guest` who signs up ends. Raises
        `EmailAlreadyRegistered`, `TooManyRequests`, `PasswordsOverloaded`."""
        # Before the address is looked for: what it costs must not tell whether the address is taken.
        await self._throttle.sign_up(client)
        now, session_id = self._clock.now(), new_id()
        user = await self._registration.create(
            account,
            Role.CUSTOMER,
            sessions=(session_id,),
            client=client,
        )
        signed_in = await self._opener.open_listed(user, session_id, client, now)
        await self._session_service.end_guest(guest)
        return signed_in

    async def login(
        self, email: str, password: str, client: Client, guest: Identity | None = None
    ) -> SignedIn:
        """Ends the session of the `guest` who signs in. Raises `InvalidCredentials`, `AccountDisabled`,
        `PasswordTooWeak`, `TooManyRequests`, `PasswordsOverloaded`."""
        verified = await self._authentication.sign_in(email, password, client)
        try:
            signed_in = await self._opener.open(verified.user.id, client, admit=_admission(verified))
        except AccountDisabled:
            await self._authentication.record_failure(verified.user, client, "account_disabled")
            raise
        except PasswordTooWeak:
            await self._authentication.record_failure(verified.user, client, "password_too_weak")
            raise
        await self._session_service.end_guest(guest)
        return signed_in

    async def guest(self, client: Client) -> SignedIn:
        """A new guest, who can have a cart but no account. Raises `TooManyRequests`."""
        await self._throttle.guest(client)
        now = self._clock.now()
        return await self._opener.open_listed(guest(new_id(), now), new_id(), client, now)

    async def refresh(self, text: str) -> SignedIn:
        """Exchanges a refresh token for the session's newest one. Raises `InvalidRefreshToken`,
        `RefreshTokenReused`."""
        token, now = self._tokens.refresh.read(text), self._clock.now()
        # Only for its owner, who never changes: the exchange is decided by the newest session.
        known = await self._sessions.get_perhaps_outdated(token.session_id) if token else None
        if token is None or known is None:
            raise InvalidRefreshToken
        user = await self._owner(known)
        session, rotation = await self._sessions.update(known.id, self._exchange(token, user, now))
        if rotation is Rotation.REUSED:
            await self._session_service.forget(session.id, user.id, user.role)
            raise RefreshTokenReused
        newest = self._tokens.refresh.newest(session)
        if rotation is Rotation.ENDED or newest is None:
            raise InvalidRefreshToken
        return self._tokens.of(user, session, newest, now)

    async def end_replaced(self, text: str | None) -> None:
        """Ends the session of the refresh token that a new sign-in replaces in a browser (ASVS 5.0, 7.2.4). A
        guest's session stays, because the cart may still be merged."""
        token = self._tokens.refresh.read(text) if text else None
        session = await self._sessions.get(token.session_id) if token else None
        if token is not None and session is not None and not session.is_guest:
            await self._session_service.revoke(token)

    async def revoke(self, text: str, verifier: TokenVerifier, client: Client) -> str | None:
        """Ends the session of a refresh token or an access token, and returns its id. None for a text that is
        neither."""
        token = self._tokens.refresh.read(text)
        if token is not None:
            await self._session_service.revoke(token, client)
            return token.session_id
        try:
            identity = verifier.verify(text)
        except NotAuthenticated:
            return None
        await self._session_service.logout(identity, client)
        return identity.session_id

    def _exchange(
        self, token: RefreshToken, user: User, now: datetime
    ) -> Callable[[Session | None], Change[Session, tuple[Session, Rotation]]]:
        def exchange(session: Session | None) -> Change[Session, tuple[Session, Rotation]]:
            if session is None:
                raise InvalidRefreshToken
            successor = self._tokens.refresh.issue(session.id, session.counter + 1)
            ends_at = self._tokens.ends_at(session, user)
            changed, rotation = session.exchange(token, successor, now, ends_at, self._tokens.lives)
            result = (changed, rotation)
            if rotation is Rotation.REUSED:
                ended = SessionEnded.of(changed, "reuse", by="").to_event(now)
                return Change(changed, result, [ended if session.is_guest else witnessed(ended, Actor(""))])
            return Change(changed if rotation is Rotation.ROTATED else None, result)

        return exchange

    async def _owner(self, session: Session) -> User:
        """The user of the session. Raises `InvalidRefreshToken` if the account has ended the session."""
        if session.is_guest:
            return guest(session.user_id, session.created_at)
        user = await self._users.get(session.user_id)
        if not is_live(user) or session.id not in user.sessions:
            raise InvalidRefreshToken
        return user


def _admission(verified: Verified) -> Callable[[User], User]:
    """Refuses the newest account if the password has changed after it was checked, or is too weak for the
    role, which may be new."""

    def admit(user: User) -> User:
        if user.credentials_version != verified.user.credentials_version:
            raise InvalidCredentials
        if is_privileged(user.role) and not verified.is_for_privileged:
            raise PasswordTooWeak
        # Another replica may have hashed it meanwhile, with stronger parameters.
        is_same = user.password_hash == verified.user.password_hash
        return user.rehashed(verified.rehashed) if verified.rehashed and is_same else user

    return admit
