"""Use cases of administrators, on other people's accounts."""

from __future__ import annotations

from auth_service.accounts.credentials import email_or_none
from auth_service.accounts.errors import OwnAccount
from auth_service.accounts.events import DELIVERY_SECONDS, UserSignedOut
from auth_service.accounts.model import User, existing
from auth_service.accounts.ports import UserRepository
from shared.aggregates.change import Change
from shared.aggregates.ports import ListPage
from shared.clock import Clock
from shared.security.identity import Identity, Role
from shared.store.ports import Position


class AdministrationService:
    """Lists, promotes and disables accounts."""

    def __init__(self, users: UserRepository, clock: Clock) -> None:
        self._users = users
        self._clock = clock

    async def page(self, email: str | None, limit: int, after: Position | None) -> ListPage[User]:
        """Accounts, the oldest first; with `email` the account that has this address."""
        # A text that is not an address matches no account.
        address = (email_or_none(email) or email) if email else None
        return await self._users.page(address, limit, after)

    async def get(self, user_id: str) -> User:
        """Raises `AccountNotFound`."""
        return existing(await self._users.get(user_id))

    async def change(self, actor: Identity, user_id: str, role: Role | None, disabled: bool | None) -> User:
        """Sets the role and `disabled`, unless they are None. A change ends the account's sessions, because
        their tokens have the former role. Raises `AccountNotFound`, `OwnAccount`."""
        if user_id == actor.user_id:
            raise OwnAccount
        now = self._clock.now()

        def change(user: User | None) -> Change[User, User]:
            present = existing(user)
            wanted = (role or present.role, present.disabled if disabled is None else disabled)
            if wanted == (present.role, present.disabled):
                return Change(None, present)
            signed_out, ended = present.signed_out(now)
            changed = signed_out.with_access(*wanted, now)
            event = UserSignedOut.of(changed, ended, "access_changed").to_event(now)
            return Change(changed, changed, [event])

        changed = await self._users.update(user_id, change)
        await self._users.delivered(user_id, DELIVERY_SECONDS)
        return changed
