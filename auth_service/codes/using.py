"""Using a code for an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from auth_service.accounts.errors import AccountDisabled
from auth_service.accounts.events import DELIVERY_SECONDS, UserEmailVerified, UserSignedOut
from auth_service.accounts.model import User, is_live
from auth_service.accounts.password_rules import PasswordPolicy, clean_password
from auth_service.accounts.ports import Passwords, UserRepository
from auth_service.clients import Client
from auth_service.codes.errors import InvalidCode
from auth_service.codes.model import CodePurpose
from auth_service.codes.ports import DeviceTokenIssuer
from auth_service.codes.service import CheckedCode, CodeService
from auth_service.mail.model import MailKind
from auth_service.mail.notices import with_notice
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import Actor
from auth_service.sessions.service import SessionService
from auth_service.sessions.tokens import SignedIn
from auth_service.sign_in.opening import SessionOpener
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.errors import InvalidInput, Unavailable
from shared.security.identity import Identity


@dataclass(frozen=True, slots=True)
class GivenCode:
    """A code as somebody gives it."""

    code_id: str
    code: str
    purpose: CodePurpose
    email: str


class CodeUseService:
    """Uses codes. Each but `unlock` marks the address of its account as verified. A stranger who registered
    it does not keep the account: `verify` needs a session of it, and the others leave them nothing."""

    def __init__(
        self,
        *,
        codes: CodeService,
        users: UserRepository,
        passwords: Passwords,
        policy: PasswordPolicy,
        opener: SessionOpener,
        sessions: SessionService,
        devices: DeviceTokenIssuer,
        clock: Clock,
    ) -> None:
        self._codes = codes
        self._users = users
        self._passwords = passwords
        self._policy = policy
        self._opener = opener
        self._sessions = sessions
        self._devices = devices
        self._clock = clock

    async def verify(self, given: GivenCode, client: Client, identity: Identity) -> None:
        """Marks the address: whoever is signed in also reads its mails. Raises `InvalidCode`, also for a code
        of another account, and `AccountDisabled`."""
        checked = await self._checked(given, client)
        if checked.user.id != identity.user_id:
            raise InvalidCode
        await self._codes.spend(checked)
        await self._change(checked, verified, client)

    async def unlock(self, given: GivenCode, client: Client) -> str:
        """A device token for a device that is new to the account. The address stays unverified: somebody else
        may have registered it. Raises `InvalidCode`, `AccountDisabled`."""
        checked = await self._checked(given, client)
        await self._codes.spend(checked)
        user = await self._change(checked, _as_it_is, client)
        return self._devices.issue(user, client.device)

    async def sign_in(self, given: GivenCode, client: Client, guest: Identity | None = None) -> SignedIn:
        """Opens a session, and ends that of the guest. An account whose address was never verified loses its
        password, its other sessions and its known devices: somebody else may have registered it. Raises
        `InvalidCode`, `AccountDisabled`."""
        checked = await self._checked(given, client)
        await self._codes.spend(checked)
        user = await self._change(checked, _claimed, client)
        return await self._open(user, client, guest)

    async def reset(
        self, given: GivenCode, new_password: str, client: Client, guest: Identity | None = None
    ) -> SignedIn:
        """Sets a new password, ends every other session and opens one. An account whose address was never
        verified loses its known devices. Raises `InvalidCode`,
        `AccountDisabled`, `PasswordsOverloaded`, and `InvalidInput` for an invalid password, which leaves the
        code usable."""
        checked = await self._checked(given, client)
        user, password = checked.user, clean_password(new_password)
        try:
            await self._policy.check("/new_password", password, user.role, name=user.name, email=user.email)
            password_hash = await self._passwords.hash(password, network=client.network)
        except (InvalidInput, Unavailable):
            await self._codes.give_back(checked)
            raise
        await self._codes.spend(checked)

        def reset(user: User, now: datetime) -> Change[User, User]:
            signed_out, ended = user.signed_out(now)
            changed = signed_out.with_password(password_hash, now).with_verified_email(now)
            if not user.email_verified:
                changed = changed.without_devices(now)
            event = UserSignedOut.of(changed, ended, "password_changed", user.id).to_event(now)
            return Change(changed, changed, [with_notice(event, MailKind.PASSWORD_CHANGED, user.email)])

        user = await self._change(checked, reset, client)
        await self._users.delivered(user.id, DELIVERY_SECONDS)
        return await self._open(user, client, guest)

    async def _checked(self, given: GivenCode, client: Client) -> CheckedCode:
        checked = await self._codes.check(given.code_id, given.code, given.purpose, given.email, client)
        if checked.user.disabled:
            raise AccountDisabled
        return checked

    async def _change(
        self, checked: CheckedCode, change: Callable[[User, datetime], Change[User, User]], client: Client
    ) -> User:
        """Changes the newest account, unless its credentials changed since the code was checked."""
        now = self._clock.now()

        def guarded(user: User | None) -> Change[User, User]:
            changed = change(_unchanged(user, checked.user.credentials_version), now)
            actor = Actor(checked.user.id, client)
            return replace(changed, events=[witnessed(event, actor) for event in changed.events])

        return await self._users.update(checked.user.id, guarded)

    async def _open(self, user: User, client: Client, guest: Identity | None) -> SignedIn:
        def admit(newest: User) -> User:
            return _unchanged(newest, user.credentials_version)

        signed_in = await self._opener.open(user.id, client, admit=admit, method="code")
        await self._sessions.end_guest(guest)
        return signed_in


def _unchanged(user: User | None, credentials_version: int) -> User:
    if not is_live(user) or user.credentials_version != credentials_version:
        raise InvalidCode
    return user


def _as_it_is(user: User, _: datetime) -> Change[User, User]:
    return Change(None, user)


def verified(user: User, now: datetime) -> Change[User, User]:
    """The address counts as the owner's."""
    if user.email_verified:
        return Change(None, user)
    changed = user.with_verified_email(now)
    return Change(changed, changed, [UserEmailVerified.of(changed).to_event(now)])


def _claimed(user: User, now: datetime) -> Change[User, User]:
    if user.email_verified:
        return Change(None, user)
    signed_out, ended = user.signed_out(now)
    owned = signed_out.without_password(now).without_devices(now).with_verified_email(now)
    confirmed = UserEmailVerified.of(owned).to_event(now)
    signed = UserSignedOut.of(owned, ended, "password_removed", user.id).to_event(now)
    return Change(owned, owned, [with_notice(signed, MailKind.PASSWORD_REMOVED, user.email), confirmed])
