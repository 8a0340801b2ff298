"""Use cases of the caller's own account."""

from __future__ import annotations

from datetime import datetime

from auth_service.accounts.authentication import Authentication
from auth_service.accounts.credentials import checked
from auth_service.accounts.emails import claim_id, normalise_email
from auth_service.accounts.errors import AccountNotFound, GuestsHaveNoAccount, WrongPassword
from auth_service.accounts.events import DELIVERY_SECONDS, UserRenamed, UserSignedOut
from auth_service.accounts.model import User, existing, guest
from auth_service.accounts.names import clean_name
from auth_service.accounts.password_rules import PasswordPolicy, clean_password
from auth_service.accounts.ports import EmailClaimRepository, GuestSessions, Passwords, UserRepository
from auth_service.accounts.removal import AccountRemoval
from auth_service.clients import Client
from auth_service.mail.model import MailKind
from auth_service.mail.notices import with_notice
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import OPERATOR, Actor
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.security.identity import Identity, Role


class AccountService:
    """Changes the profile and the password, and deletes the account."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: GuestSessions,
        claims: EmailClaimRepository,
        passwords: Passwords,
        policy: PasswordPolicy,
        authentication: Authentication,
        removal: AccountRemoval,
        clock: Clock,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._claims = claims
        self._passwords = passwords
        self._policy = policy
        self._authentication = authentication
        self._removal = removal
        self._clock = clock

    async def profile(self, identity: Identity) -> User:
        """Raises `AccountNotFound`."""
        if identity.role is Role.GUEST:
            session = await self._sessions.get(identity.session_id)
            return existing(guest(session.user_id, session.created_at) if session else None)
        return existing(await self._users.get(identity.user_id))

    async def rename(self, identity: Identity, name: str | None, client: Client) -> User:
        """None changes nothing. Raises `GuestsHaveNoAccount`, `AccountNotFound`, and `InvalidInput` for an
        invalid name."""
        _refuse_guests(identity)
        if name is None:
            return await self.profile(identity)
        kept, now = checked("/name", clean_name, name), self._clock.now()
        actor = Actor(identity.user_id, client)

        def change(user: User | None) -> Change[User, User]:
            renamed = existing(user).renamed(kept, now)
            event = UserRenamed(renamed.id, renamed.version, actor.id).to_event(now)
            return Change(renamed, renamed, [witnessed(event, actor)])

        return await self._users.update(identity.user_id, change)

    async def change_password(self, identity: Identity, current: str, new: str, client: Client) -> None:
        """Every other session ends. Raises `WrongPassword`, and `InvalidInput` for an invalid new
        password."""
        _refuse_guests(identity)
        password = checked("/new_password", clean_password, new)
        user = await self._confirmed(identity, current, client)
        await self._policy.check("/new_password", password, user.role, name=user.name, email=user.email)
        password_hash, now = await self._passwords.hash(password, network=client.network), self._clock.now()

        def change(newest: User | None) -> Change[User, None]:
            present = _unchanged_since(user, newest)
            return _new_password(present, password_hash, now, Actor(user.id, client), identity.session_id)

        await self._users.update(user.id, change)
        await self._users.delivered(user.id, DELIVERY_SECONDS)

    async def replace_password(self, email: str, new: str, actor: Actor = OPERATOR) -> None:
        """Sets a password that the user has forgotten, for the shop's operator. Every session ends, and an
        account whose address was never verified loses its known devices. Raises `AccountNotFound`, and
        `InvalidInput` for an invalid address or password."""
        address = checked("/email", normalise_email, email)
        password = checked("/password", clean_password, new)
        claim = await self._claims.get(claim_id(address))
        user = existing(await self._users.get(claim.user_id) if claim else None)
        if user.email != address:  # the account has another address by now
            raise AccountNotFound
        await self._policy.check("/password", password, user.role, name=user.name, email=user.email)
        password_hash, now = await self._passwords.hash(password), self._clock.now()

        await self._users.update(
            user.id, lambda newest: _new_password(existing(newest), password_hash, now, actor)
        )
        await self._users.delivered(user.id, DELIVERY_SECONDS)

    async def delete(self, identity: Identity, password: str, client: Client) -> None:
        """Erases all personal data, ends all sessions and frees the address. The event removes the cart.
        Raises `WrongPassword`, `GuestsHaveNoAccount`, `AccountNotFound`, `LastAdmin`."""
        _refuse_guests(identity)
        user = await self._confirmed(identity, password, client)

        def check(newest: User) -> None:
            _unchanged_since(user, newest)

        actor = Actor(identity.user_id, client)
        await self._removal.remove(user.id, actor, check, also_ended=[identity.session_id])

    async def _confirmed(self, identity: Identity, password: str, client: Client) -> User:
        user = existing(await self._users.get(identity.user_id))
        await self._authentication.confirm(user, password, client, identity.session_id)
        return user


def _refuse_guests(identity: Identity) -> None:
    if identity.role is Role.GUEST:
        raise GuestsHaveNoAccount


def _new_password(
    user: User, password_hash: str, now: datetime, actor: Actor, keep_session: str | None = None
) -> Change[User, None]:
    signed_out, ended = user.signed_out(now, keep=keep_session)
    changed = signed_out.with_password(password_hash, now)
    if keep_session is None and not user.email_verified:  # somebody else may have registered the address
        changed = changed.without_devices(now)
    event = UserSignedOut.of(changed, ended, "password_changed", actor.id).to_event(now)
    notice = with_notice(event, MailKind.PASSWORD_CHANGED, user.email)
    return Change(changed, None, [witnessed(notice, actor)])


def _unchanged_since(checked_user: User, newest: User | None) -> User:
    """The newest account, if the checked password is still its password."""
    user = existing(newest)
    if user.credentials_version != checked_user.credentials_version:
        raise WrongPassword
    return user
