"""Deletion of an account, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auth_service.accounts.administrators import AdministratorRegister
from auth_service.accounts.emails import claim_id
from auth_service.accounts.events import DELIVERY_SECONDS, deleted_event
from auth_service.accounts.model import User, existing
from auth_service.accounts.ports import EmailClaimRepository, UserRepository
from auth_service.mail.model import MailKind
from auth_service.mail.notices import with_notice
from auth_service.security_log.model import Actor
from shared.aggregates.change import Change
from shared.clock import Clock


class AccountRemoval:
    """Erases all personal data, ends all sessions and frees the address. The event removes the cart and the
    security log."""

    def __init__(
        self,
        users: UserRepository,
        claims: EmailClaimRepository,
        administrators: AdministratorRegister,
        clock: Clock,
    ) -> None:
        self._users = users
        self._claims = claims
        self._administrators = administrators
        self._clock = clock

    async def remove(
        self,
        user_id: str,
        actor: Actor,
        check: Callable[[User], None] = lambda _: None,
        also_ended: Iterable[str] = (),
    ) -> None:
        """`check` gets the newest account; if it raises, nothing is deleted. `also_ended` are sessions to
        revoke beside those of the account. Raises `AccountNotFound`, `LastAdmin`."""
        now = self._clock.now()

        def erase(newest: User | None) -> Change[User, str]:
            user = existing(newest)
            check(user)
            erased = user.erased(now)
            event = deleted_event(erased, {*user.sessions, *also_ended}, actor, now)
            return Change(erased, user.email, [with_notice(event, MailKind.ACCOUNT_DELETED, user.email)])

        email = await self._administrators.update(user_id, erase)
        await self._claims.release(claim_id(email), user_id)
        await self._users.delivered(user_id, DELIVERY_SECONDS)
