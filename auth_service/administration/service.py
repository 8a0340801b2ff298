"""Use cases of administrators, on other people's accounts."""

from __future__ import annotations

from auth_service.accounts.administrators import AdministratorRegister
from auth_service.accounts.errors import EmailNotVerified, OwnAccount
from auth_service.accounts.events import DELIVERY_SECONDS, UserAccessChanged, UserSignedOut
from auth_service.accounts.model import User, existing
from auth_service.accounts.password_rules import is_privileged
from auth_service.accounts.ports import UserFilter, UserRepository
from auth_service.accounts.removal import AccountRemoval
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import Actor
from auth_service.sessions.errors import SessionNotFound
from auth_service.sessions.model import Session
from auth_service.sessions.ports import SessionRepository
from shared.aggregates.change import Change
from shared.aggregates.ports import ListPage
from shared.clock import Clock
from shared.security.identity import Role
from shared.store.ports import Position

_NO_SUCH_SESSION = "The account has no such session. `GET /users/{user_id}/sessions` lists those that it has."


class AdministrationService:
    """Lists, promotes, disables and deletes accounts, and ends their sessions."""

    def __init__(
        self,
        users: UserRepository,
        sessions: SessionRepository,
        administrators: AdministratorRegister,
        removal: AccountRemoval,
        clock: Clock,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._administrators = administrators
        self._removal = removal
        self._clock = clock

    async def page(self, wanted: UserFilter, limit: int, after: Position | None) -> ListPage[User]:
        """Accounts, the oldest first. The list shows a change after about a second."""
        return await self._users.page(wanted, limit, after)

    async def get(self, user_id: str) -> User:
        """Raises `AccountNotFound`."""
        return existing(await self._users.get(user_id))

    async def change(self, actor: Actor, user_id: str, role: Role | None, disabled: bool | None) -> User:
        """Sets the role and `disabled`, unless they are None. A change ends the account's sessions, because
        their tokens have the former role. Raises `AccountNotFound`, `OwnAccount`, `LastAdmin`, and
        `EmailNotVerified` before a customer gets more rights."""
        _refuse_own(actor, user_id)
        now = self._clock.now()

        def change(user: User | None) -> Change[User, User]:
            present = existing(user)
            wanted = (role or present.role, present.disabled if disabled is None else disabled)
            if wanted == (present.role, present.disabled):
                return Change(None, present)
            if not (present.email_verified or is_privileged(present.role)) and is_privileged(wanted[0]):
                raise EmailNotVerified
            signed_out, ended = present.signed_out(now)
            changed = signed_out.with_access(*wanted, now)
            events = [
                witnessed(UserAccessChanged.of(changed, actor.id).to_event(now), actor),
                UserSignedOut.of(changed, ended, "access_changed", actor.id).to_event(now),
            ]
            return Change(changed, changed, events)

        changed = await self._administrators.update(user_id, change)
        await self._users.delivered(user_id, DELIVERY_SECONDS)
        return changed

    async def delete(self, actor: Actor, user_id: str) -> None:
        """Raises `AccountNotFound`, `OwnAccount`, `LastAdmin`."""
        _refuse_own(actor, user_id)
        await self._removal.remove(user_id, actor)

    async def sessions(self, user_id: str) -> list[Session]:
        """The account's live sessions, oldest first. Raises `AccountNotFound`."""
        user, now = await self.get(user_id), self._clock.now()
        found = await self._sessions.get_many(user.sessions)
        return [session for session in found if session and session.alive(now)]

    async def end_sessions(self, actor: Actor, user_id: str, session_id: str | None = None) -> None:
        """Ends one session of the account, or all. Raises `AccountNotFound`, `SessionNotFound`."""
        now = self._clock.now()

        def end(user: User | None) -> Change[User, None]:
            present = existing(user)
            if session_id is not None and session_id not in present.sessions:
                raise SessionNotFound(_NO_SUCH_SESSION)
            ended = present.sessions if session_id is None else (session_id,)
            if not ended:
                return Change(None, None)
            changed = present.without_sessions(ended, now)
            event = UserSignedOut.of(changed, ended, "ended_by_admin", actor.id).to_event(now)
            return Change(changed, None, [witnessed(event, actor)])

        await self._users.update(user_id, end)
        await self._users.delivered(user_id, DELIVERY_SECONDS)


def _refuse_own(actor: Actor, user_id: str) -> None:
    if user_id == actor.id:
        raise OwnAccount
