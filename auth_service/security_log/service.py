"""Use cases of the owner's log of security events."""

from __future__ import annotations

from collections.abc import Callable

from auth_service.clients import Client
from auth_service.security_log.events import REPEATED, FailureReason, UserSignInFailed
from auth_service.security_log.model import NOBODY, Actor, SecurityEntry, SecurityLog
from auth_service.security_log.ports import SecurityLogRepository
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.events.domain_event import DomainEvent


class SecurityLogService:
    """Writes, shows and erases logs. A repeat with the same event changes nothing."""

    def __init__(self, logs: SecurityLogRepository, clock: Clock) -> None:
        self._logs = logs
        self._clock = clock

    async def entries(self, user_id: str) -> tuple[SecurityEntry, ...]:
        """The entries of the last 180 days, the newest first; at most 200."""
        log = await self._logs.get(user_id)
        return log.recent(self._clock.now()) if log else ()

    async def record(self, user_id: str, entry: SecurityEntry) -> None:
        """Adds the entry to the user's log, unless the log has it or was erased."""
        now = self._clock.now()

        def record(log: SecurityLog | None) -> Change[SecurityLog, None]:
            before = log or SecurityLog(user_id)
            after = before.with_entry(entry, now)
            return Change(None if after is before else after, None)

        await self._logs.update(user_id, record)

    async def record_failure(
        self, user_id: str | None, account: str, client: Client, why: FailureReason
    ) -> None:
        """Adds a failed sign-in, and publishes it. `account` is the hash of the address that was given. An
        unknown account has a log of nobody's, without the client, so that it takes the same work as a known
        one. Raises `StoreUnavailable`."""
        id, now = user_id or f"{NOBODY}-{account[:2]}", self._clock.now()
        actor = Actor("", client if user_id else None)

        def record(log: SecurityLog | None) -> Change[SecurityLog, None]:
            before = log or SecurityLog(id)
            event = UserSignInFailed(id, before.version + 1, why).to_event(now)
            after = before.with_entry(
                SecurityEntry.of(event.id, event.type, now, actor, why, repeats=True), now
            )
            return Change(None, None) if after is before else Change(after, None, [event])

        await self._logs.update(id, record)

    async def record_act(self, user_id: str, event_of: Callable[[int], DomainEvent], actor: Actor) -> None:
        """Adds an act that changes no account, and publishes its event. `event_of` makes it for a version.
        Raises `StoreUnavailable`."""
        now = self._clock.now()

        def record(log: SecurityLog | None) -> Change[SecurityLog, None]:
            before = log or SecurityLog(user_id)
            event = event_of(before.version + 1).to_event(now)
            repeats = event.type in REPEATED
            after = before.with_entry(
                SecurityEntry.of(event.id, event.type, now, actor, repeats=repeats), now
            )
            return Change(None, None) if after is before else Change(after, None, [event])

        await self._logs.update(user_id, record)

    async def erase(self, user_id: str) -> None:
        """Empties the log of a deleted account. Entries that arrive later are passed over."""
        now = self._clock.now()

        def erase(log: SecurityLog | None) -> Change[SecurityLog, None]:
            before = log or SecurityLog(user_id)
            return Change(None if before.is_erased else before.erased(now), None)

        await self._logs.update(user_id, erase)
