"""Everything that the shop keeps about a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from auth_service.accounts.model import User
from auth_service.accounts.service import AccountService
from auth_service.export.errors import ExportUnavailable
from auth_service.security_log.events import UserExported
from auth_service.security_log.model import Actor, SecurityEntry
from auth_service.security_log.service import SecurityLogService
from auth_service.sessions.model import Session
from auth_service.sessions.service import SessionService
from shared.clock import Clock
from shared.events.ports import BusUnavailable
from shared.security.identity import Identity, Role

AskService = Callable[[str, str], Awaitable[dict[str, Any]]]
"""Asks a service what it keeps about a user: gets the names of both. Raises `BusUnavailable`."""

OTHER_SERVICES = ("cart",)
"""The services beside this one that keep anything about a user. Products keeps nothing."""


@dataclass(frozen=True, slots=True)
class Export:
    """`others` has what each other service keeps, by its name."""

    exported_at: datetime
    user: User
    sessions: Sequence[Session]
    entries: Sequence[SecurityEntry]
    others: dict[str, dict[str, Any]]


class ExportService:
    def __init__(
        self,
        accounts: AccountService,
        sessions: SessionService,
        log: SecurityLogService,
        ask: AskService,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._log = log
        self._ask = ask
        self._clock = clock

    async def export(self, identity: Identity, actor: Actor) -> Export:
        """Everything about the caller, who may be a guest. The owner's log tells of it. Raises
        `AccountNotFound`, `ExportUnavailable`, `StoreUnavailable`."""
        user = await self._accounts.profile(identity)
        others = await asyncio.gather(*(self._kept_by(name, user.id) for name in OTHER_SERVICES))
        if user.role is not Role.GUEST:
            exported = partial(UserExported, user.id, by=actor.id)
            await self._log.record_act(user.id, exported, actor)
        return Export(
            exported_at=self._clock.now(),
            user=user,
            sessions=await self._sessions.sessions(identity),
            entries=await self._log.entries(user.id),
            others=dict(zip(OTHER_SERVICES, others, strict=True)),
        )

    async def _kept_by(self, service: str, user_id: str) -> dict[str, Any]:
        try:
            return await self._ask(service, user_id)
        except BusUnavailable as error:
            raise ExportUnavailable(service) from error
