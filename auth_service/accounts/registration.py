"""Registration of accounts: one account for an e-mail address."""

from __future__ import annotations

import asyncio
from datetime import datetime

from auth_service.accounts.credentials import NewAccount
from auth_service.accounts.emails import claim_id
from auth_service.accounts.errors import EmailAlreadyRegistered
from auth_service.accounts.events import UserRegistered, deleted_event
from auth_service.accounts.model import EmailClaim, User, is_live
from auth_service.accounts.password_rules import PasswordPolicy
from auth_service.accounts.ports import EmailClaimRepository, Passwords, UserRepository
from auth_service.clients import Client
from auth_service.mail.model import MailKind
from auth_service.mail.notices import with_notice
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import OPERATOR, Actor
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.errors import Unavailable
from shared.ids import new_id
from shared.observability.logging import get_logger
from shared.security.identity import Role

_log = get_logger(__name__)


class Registration:
    """Claims the address, hashes the password, writes the account, confirms the claim. `EmailClaim` explains
    the steps. Of many registrations of one address only the one that has the claim hashes."""

    def __init__(
        self,
        users: UserRepository,
        claims: EmailClaimRepository,
        passwords: Passwords,
        policy: PasswordPolicy,
        clock: Clock,
    ) -> None:
        self._users = users
        self._claims = claims
        self._passwords = passwords
        self._policy = policy
        self._clock = clock

    async def create(
        self,
        account: NewAccount,
        role: Role,
        sessions: tuple[str, ...] = (),
        *,
        client: Client | None = None,
    ) -> User:
        """The new account, with these sessions signed in. Without a `client` the operator makes it. Raises
        `EmailAlreadyRegistered`, `InvalidInput` for a password that others would guess, and
        `PasswordsOverloaded`."""
        await self._policy.check("/password", account.password, role, name=account.name, email=account.email)
        claim, user_id, now = claim_id(account.email), new_id(), self._clock.now()
        await self._take(claim, user_id, now)
        try:
            network = client.network if client else ""
            password_hash = await self._passwords.hash(account.password, network=network)
        except BaseException:
            await self._give_back(claim, user_id)
            raise
        user = User(user_id, account.name, account.email, password_hash, role, now, now, sessions=sessions)
        actor = Actor(user.id, client) if client else OPERATOR
        registered = witnessed(UserRegistered.of(user, actor.id).to_event(now), actor)
        verification = with_notice(registered, MailKind.VERIFY, user.email)
        await self._users.update(user.id, lambda _: Change(user, None, [verification]), is_first=True)
        await self._confirm(claim, user)
        return user

    async def _take(self, claim: str, user_id: str, now: datetime) -> None:
        """Raises `EmailAlreadyRegistered`."""
        seen = await self._free(claim)

        def take(current: EmailClaim | None) -> Change[EmailClaim, None]:
            if current != seen:
                raise EmailAlreadyRegistered
            return Change(EmailClaim(user_id, now), None)

        await self._claims.update(claim, take)

    async def _give_back(self, claim: str, user_id: str) -> None:
        """Frees the address for the next registration. If the store is away, the claim's time runs out."""
        try:
            # Shielded, because a client that disconnects cancels the registration.
            await asyncio.shield(self._claims.release(claim, user_id))
        except Unavailable as error:
            _log.warning("an address stays claimed for a while, without an account", reason=error.detail)

    async def _free(self, claim: str) -> EmailClaim | None:
        """The claim to take over, or None where there is none. Raises `EmailAlreadyRegistered`."""
        seen = await self._claims.get(claim)
        if seen is None:
            return None
        holder = await self._users.get(seen.user_id)
        if not seen.registration_is_over(self._clock.now()) or holds(holder, claim):
            raise EmailAlreadyRegistered
        return seen

    async def _confirm(self, claim: str, user: User) -> None:
        def confirm(current: EmailClaim | None) -> Change[EmailClaim, None]:
            if current is None or current.user_id != user.id:
                raise EmailAlreadyRegistered
            return Change(current.confirm(), None)

        try:
            await self._claims.update(claim, confirm)
        except EmailAlreadyRegistered:
            await self._withdraw(user.id)
            raise

    async def _withdraw(self, user_id: str) -> None:
        now = self._clock.now()

        def withdraw(user: User | None) -> Change[User, None]:
            if not is_live(user):
                return Change(None, None)
            erased = user.erased(now)
            return Change(erased, None, [deleted_event(erased, user.sessions, Actor(user.id), now)])

        await self._users.update(user_id, withdraw)


def holds(user: User | None, claim: str) -> bool:
    """Whether the claim is that of the account's address. It is not if the account got another address, and
    the claim was left behind."""
    return is_live(user) and claim_id(user.email) == claim
