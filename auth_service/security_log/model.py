"""What happened to an account, by whom and from where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from auth_service.clients import Client

MAX_ENTRIES = 200
KEPT_FOR = timedelta(days=180)
COUNTED_TOGETHER = timedelta(hours=1)
"""Failed sign-ins from one network, and an administrator's changes of a cart, are one entry for this time."""
_REMEMBERED_IDS = 16
_USER_AGENT_MAX = 200
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the id of a user, or `operator`. `client` is None for the operator's command
    line."""

    id: str
    client: Client | None = None


OPERATOR = Actor("operator")


@dataclass(frozen=True, slots=True)
class SecurityEntry:
    """One fact, or several of a kind. `id` is that of the first fact's event, and `at` the time of the
    latest. `by` is empty if nobody signed in. `ids` are the latest events that were counted, so a repeated
    delivery counts once."""

    id: str
    type: str
    at: datetime
    by: str = ""
    reason: str | None = None
    address: str = ""
    network: str = ""
    user_agent: str = ""
    count: int = 1
    since: datetime | None = None
    ids: tuple[str, ...] = ()
    repeats: bool = False

    @classmethod
    def of(
        cls,
        id: str,
        type: str,
        at: datetime,
        actor: Actor,
        reason: str | None = None,
        *,
        repeats: bool = False,
    ) -> SecurityEntry:
        """The entry of one event. Later ones of the same kind are counted in it if it `repeats`."""
        client = actor.client or Client("")
        return cls(
            id,
            type,
            at,
            actor.id,
            reason,
            client.address,
            client.network,
            client.user_agent[:_USER_AGENT_MAX],
            since=at,
            ids=(id,),
            repeats=repeats,
        )

    @property
    def began_at(self) -> datetime:
        return self.since or self.at

    def counts_with(self, other: SecurityEntry) -> bool:
        """Whether `other`, a later fact, is one more of this kind."""
        mine = (self.type, self.by, self.reason, self.network)
        is_same = mine == (other.type, other.by, other.reason, other.network)
        return is_same and self.repeats and other.at - self.began_at < COUNTED_TOGETHER

    def with_another(self, other: SecurityEntry) -> SecurityEntry:
        return replace(
            self,
            at=max(self.at, other.at),
            address=other.address,
            user_agent=other.user_agent,
            count=self.count + 1,
            ids=(*self.ids, other.id)[-_REMEMBERED_IDS:],
        )


@dataclass(frozen=True, slots=True)
class SecurityLog:
    """The log of one account, the newest entry first. An erased log stays empty, whatever arrives late."""

    user_id: str
    entries: tuple[SecurityEntry, ...] = ()
    updated_at: datetime | None = None
    version: int = 0
    is_erased: bool = False

    def with_entry(self, entry: SecurityEntry, now: datetime) -> SecurityLog:
        """The log with the entry, unless it has it or is erased. Entries beyond the limits go."""
        if self.is_erased or any(entry.id in known.ids for known in self.entries):
            return self
        entries = sorted(self._joined(entry), key=lambda it: it.at, reverse=True)[:MAX_ENTRIES]
        kept = tuple(it for it in entries if now - it.at < KEPT_FOR)
        return replace(self, entries=kept, updated_at=now, version=self.version + 1)

    def _joined(self, entry: SecurityEntry) -> list[SecurityEntry]:
        entries = list(self.entries)
        for place, known in enumerate(entries):
            if known.counts_with(entry):
                entries[place] = known.with_another(entry)
                return entries
        return [entry, *entries]

    def recent(self, now: datetime) -> tuple[SecurityEntry, ...]:
        """The entries that are not too old, the newest first."""
        return tuple(entry for entry in self.entries if now - entry.at < KEPT_FOR)

    def erased(self, now: datetime) -> SecurityLog:
        return SecurityLog(self.user_id, updated_at=now, version=self.version + 1, is_erased=True)
