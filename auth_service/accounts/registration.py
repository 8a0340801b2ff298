"""Registration of accounts: one account for an e-mail address."""

from __future__ import annotations

from auth_service.accounts.credentials import NewAccount, claim_id
from auth_service.accounts.errors import EmailAlreadyRegistered
from auth_service.accounts.events import UserRegistered
from auth_service.accounts.model import EmailClaim, User, is_live
from auth_service.accounts.ports import EmailClaimRepository, Passwords, UserRepository
from auth_service.mail.model import MailKind
from auth_service.mail.notices import with_notice
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.events.contracts import UserDeleted
from shared.ids import new_id
from shared.security.identity import Role


class Registration:
    """Claims the address, writes the account, confirms the claim. `EmailClaim` explains the three steps."""

    def __init__(
        self, users: UserRepository, claims: EmailClaimRepository, passwords: Passwords, clock: Clock
    ) -> None:
        self._users = users
        self._claims = claims
        self._passwords = passwords
        self._clock = clock

    async def create(self, account: NewAccount, role: Role, sessions: tuple[str, ...] = ()) -> User:
        """The new account, with these sessions signed in. Raises `EmailAlreadyRegistered`,
        `PasswordsOverloaded`."""
        claim = claim_id(account.email)
        seen = await self._free(claim)
        password_hash = await self._passwords.hash(account.password)
        now = self._clock.now()
        user = User(new_id(), account.name, account.email, password_hash, role, now, now, sessions=sessions)

        def take(current: EmailClaim | None) -> Change[EmailClaim, None]:
            if current != seen:
                raise EmailAlreadyRegistered
            return Change(EmailClaim(user.id, now), None)

        await self._claims.update(claim, take)
        registered = UserRegistered.of(user).to_event(now)
        verification = with_notice(registered, MailKind.VERIFY, user.email)
        await self._users.update(user.id, lambda _: Change(user, None, [verification]))
        await self._confirm(claim, user)
        return user

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
            deleted = UserDeleted(erased.id, erased.version, sorted(user.sessions))
            return Change(erased, None, [deleted.to_event(now)])

        await self._users.update(user_id, withdraw)


def holds(user: User | None, claim: str) -> bool:
    """Whether the claim is that of the account's address. It is not if the account got another address, and
    the claim was left behind."""
    return is_live(user) and claim_id(user.email) == claim
