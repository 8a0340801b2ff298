"""The shop's administrators, counted in one document, so that the last one stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from auth_service.accounts.errors import LastAdmin
from auth_service.accounts.model import User
from auth_service.accounts.ports import UserRepository
from shared.aggregates.change import Change
from shared.aggregates.ports import Repository
from shared.clock import Clock
from shared.errors import Unavailable
from shared.ids import new_id

R = TypeVar("R")

REGISTER_ID = "administrators"
LEAVING_TIMEOUT = timedelta(seconds=30)
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Administrators:
    """`ids` are enabled administrators, without exception. An administrator may be missing from them after a
    crash. `joining` has the token of each account that is about to become one, `leaving` the time at which an
    account began to stop being one."""

    ids: frozenset[str] = frozenset()
    joining: Mapping[str, str] = field(default_factory=dict)
    leaving: Mapping[str, datetime] = field(default_factory=dict)

    def join(self, user_id: str, token: str) -> Administrators:
        return replace(self, joining={**self.joining, user_id: token})

    def joined(self, user_id: str, token: str) -> Administrators:
        """Counts the account, unless it began to leave since it joined with this token."""
        if self.joining.get(user_id) != token:
            return self
        ids, leaving = self.ids | {user_id}, _without(self.leaving, user_id)
        return Administrators(ids, _without(self.joining, user_id), leaving)

    def leave(self, user_id: str, now: datetime) -> Administrators:
        """Stops counting the account. Raises `LastAdmin` if no other is counted."""
        others = self.ids - {user_id}
        if not others:
            raise LastAdmin
        return Administrators(others, _without(self.joining, user_id), {**self.leaving, user_id: now})

    def left(self, user_id: str) -> Administrators:
        return replace(self, leaving=_without(self.leaving, user_id))

    def is_leaving(self, user_id: str, now: datetime) -> bool:
        """Whether a change that takes the account's access away may still be under way."""
        since = self.leaving.get(user_id)
        return since is not None and now - since < LEAVING_TIMEOUT


class AdministratorRegister:
    """Changes the access of accounts, and never takes it from the last administrator.

    There is no transaction over two documents. An account is counted after it became an administrator, and is
    not counted any more before it stops being one. So a crash in between leaves an administrator who is not
    counted, and never counts an account that is none. A change is written only if the account still has the
    `access_version` that it had before the register was asked. If no other administrator is counted, one that
    is missing is looked for. That also fills the register of a shop of an earlier release.
    """

    def __init__(self, users: UserRepository, register: Repository[Administrators], clock: Clock) -> None:
        self._users = users
        self._register = register
        self._clock = clock

    async def update(self, user_id: str, change: Callable[[User | None], Change[User, R]]) -> R:
        """As `UserRepository.update`, for a change of `role`, `disabled` or `deleted`. Raises `LastAdmin`,
        `Unavailable` if others change the same account all the time, and what `change` raises."""
        for _ in range(_ATTEMPTS):
            before = await self._users.get(user_id)
            after = change(before).aggregate or before
            was, becomes = _is_administrator(before), _is_administrator(after)
            if was and not becomes:
                await self._leave(user_id)
            token = await self._join(user_id) if becomes and not was else None
            try:
                result = await self._users.update(user_id, _unless_overtaken(before, change))
            except _Overtaken:
                continue
            if was and not becomes:
                await self._change(lambda register: register.left(user_id))
            if token:
                await self._joined(user_id, token)
            return result
        raise Unavailable("Others are changing this account at the same time. Try again shortly.")

    async def _leave(self, user_id: str) -> None:
        now = self._clock.now()
        try:
            await self._change(lambda register: register.leave(user_id, now))
        except LastAdmin:
            await self._count_another(user_id)
            await self._change(lambda register: register.leave(user_id, now))

    async def _count_another(self, user_id: str) -> None:
        """Counts one administrator other than this one, if the store has any that is missing."""
        register, now = await self._register.get(REGISTER_ID) or Administrators(), self._clock.now()
        async for user in self._users.administrators():
            if user.id != user_id and not register.is_leaving(user.id, now) and await self._count(user.id):
                return

    async def _count(self, user_id: str) -> bool:
        """Counts an administrator who is missing. False if the account is none."""
        token, now = await self._join(user_id), self._clock.now()

        def confirm(user: User | None) -> Change[User, bool]:
            if user is None or not user.is_administrator:
                return Change(None, False)
            return Change(user.with_access_confirmed(now), True)

        is_administrator = await self._users.update(user_id, confirm)
        return is_administrator and user_id in (await self._joined(user_id, token)).ids

    async def _join(self, user_id: str) -> str:
        token = new_id()
        await self._change(lambda register: register.join(user_id, token))
        return token

    async def _joined(self, user_id: str, token: str) -> Administrators:
        return await self._change(lambda register: register.joined(user_id, token))

    async def _change(self, step: Callable[[Administrators], Administrators]) -> Administrators:
        def change(stored: Administrators | None) -> Change[Administrators, Administrators]:
            after = step(stored or Administrators())
            return Change(None if after == stored else after, after)

        return await self._register.update(REGISTER_ID, change)


class _Overtaken(Exception):
    """The account's access has changed since it was read."""


def _unless_overtaken(
    before: User | None, change: Callable[[User | None], Change[User, R]]
) -> Callable[[User | None], Change[User, R]]:
    def guarded(newest: User | None) -> Change[User, R]:
        if _access_version(newest) != _access_version(before):
            raise _Overtaken
        return change(newest)

    return guarded


def _access_version(user: User | None) -> int:
    return user.access_version if user else 0


def _is_administrator(user: User | None) -> bool:
    return user is not None and user.is_administrator


def _without(entries: Mapping[str, R], user_id: str) -> dict[str, R]:
    return {id: entry for id, entry in entries.items() if id != user_id}
