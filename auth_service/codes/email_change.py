"""Changing the address of an account, by a code to the new address.

The steps are those of a registration: claim the new address, write the account, confirm the claim; and then
release the old claim. Each is a compare-and-swap write. A claim counts only for the address that its account
has (see `Registration`), so an end between the steps leaves nothing that anybody would have to repair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from auth_service.accounts.authentication import Authentication
from auth_service.accounts.credentials import checked
from auth_service.accounts.emails import claim_id, normalise_email
from auth_service.accounts.errors import EmailAlreadyRegistered, GuestsHaveNoAccount
from auth_service.accounts.events import DELIVERY_SECONDS, UserEmailChanged
from auth_service.accounts.model import EmailClaim, User, existing, is_live
from auth_service.accounts.ports import EmailClaimRepository, UserRepository
from auth_service.accounts.registration import holds
from auth_service.clients import Client
from auth_service.codes.errors import InvalidCode
from auth_service.codes.issuing import CodeHandle
from auth_service.codes.service import CodeService
from auth_service.codes.using import verified
from auth_service.mail.model import MailKind
from auth_service.mail.notices import with_notice
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import Actor
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.security.identity import Identity, Role


class EmailChangeService:
    """Changes the caller's own address. The account's sessions stay, because no token holds the address."""

    def __init__(
        self,
        *,
        codes: CodeService,
        users: UserRepository,
        claims: EmailClaimRepository,
        authentication: Authentication,
        clock: Clock,
    ) -> None:
        self._codes = codes
        self._users = users
        self._claims = claims
        self._authentication = authentication
        self._clock = clock

    async def request(self, identity: Identity, email: str, password: str, client: Client) -> CodeHandle:
        """Mails a code to the new address. The answer does not say whether that has an account. Raises
        `WrongPassword`, `GuestsHaveNoAccount`, `AccountNotFound`, `TooManyRequests`, and `InvalidInput` for
        an invalid address."""
        if identity.role is Role.GUEST:
            raise GuestsHaveNoAccount
        address = checked("/email", normalise_email, email)
        user = existing(await self._users.get(identity.user_id))
        await self._authentication.confirm(user, password, client, identity.session_id)
        return await self._codes.request_change(user, address)

    async def confirm(self, identity: Identity, code_id: str, code: str, client: Client) -> User:
        """Changes the address to the one that got the code, and tells the old one. Raises `InvalidCode`,
        `GuestsHaveNoAccount`, and `EmailAlreadyRegistered` if the address was taken meanwhile."""
        if identity.role is Role.GUEST:
            raise GuestsHaveNoAccount
        right = await self._codes.check_change(code_id, code, identity.user_id, client)
        await self._codes.spend(right)
        if right.to == right.user.email:
            return await self._verify(right.user, client)
        return await self._move(right.user, right.to, client)

    async def _verify(self, user: User, client: Client) -> User:
        """The code went to the address that the account has already."""
        now = self._clock.now()

        def verify(newest: User | None) -> Change[User, User]:
            present = existing(newest)
            if present.email != user.email:
                return Change(None, present)
            change = verified(present, now)
            return replace(
                change, events=[witnessed(event, Actor(user.id, client)) for event in change.events]
            )

        return await self._users.update(user.id, verify)

    async def _move(self, user: User, email: str, client: Client) -> User:
        former = await self._claims.get(claim_id(user.email))
        seen = await self._free(user, claim_id(email))
        now = self._clock.now()

        def take(current: EmailClaim | None) -> Change[EmailClaim, None]:
            if current != seen:
                raise EmailAlreadyRegistered
            return Change(EmailClaim(user.id, now), None)

        await self._claims.update(claim_id(email), take)
        changed = await self._users.update(user.id, _change(user, email, client, now))
        await self._confirm(user, email)
        if former:  # and not one that another change of this account has made since
            await self._claims.release(claim_id(user.email), user.id, former.claimed_at)
        await self._users.delivered(user.id, DELIVERY_SECONDS)
        return changed

    async def _free(self, user: User, claim: str) -> EmailClaim | None:
        """The claim to take over, or None where there is none. Raises `EmailAlreadyRegistered`."""
        seen = await self._claims.get(claim)
        if seen is None or seen.user_id == user.id:
            return seen
        holder = await self._users.get(seen.user_id)
        if not seen.registration_is_over(self._clock.now()) or holds(holder, claim):
            raise EmailAlreadyRegistered
        return seen

    async def _confirm(self, user: User, email: str) -> None:
        """Confirms the claim. If somebody was faster, the account gets its former address back."""

        def confirm(current: EmailClaim | None) -> Change[EmailClaim, None]:
            if current is None or current.user_id != user.id:
                raise EmailAlreadyRegistered
            return Change(current.confirm(), None)

        try:
            await self._claims.update(claim_id(email), confirm)
        except EmailAlreadyRegistered:
            await self._restore(user, email)
            raise

    async def _restore(self, user: User, email: str) -> None:
        now = self._clock.now()

        def restore(newest: User | None) -> Change[User, None]:
            if not is_live(newest) or newest.email != email:
                return Change(None, None)
            restored = newest.with_email(user.email, now)
            return Change(restored, None, [UserEmailChanged.of(restored).to_event(now)])

        await self._users.update(user.id, restore)


def _change(
    user: User, email: str, client: Client, now: datetime
) -> Callable[[User | None], Change[User, User]]:
    def change(newest: User | None) -> Change[User, User]:
        if not is_live(newest) or newest.credentials_version != user.credentials_version:
            raise InvalidCode
        changed = newest.with_email(email, now)
        event = UserEmailChanged.of(changed).to_event(now)
        notice = with_notice(event, MailKind.EMAIL_CHANGED, newest.email)
        return Change(changed, changed, [witnessed(notice, Actor(user.id, client))])

    return change
