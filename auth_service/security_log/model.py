"""What happened to an account, by whom and from where."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce

from auth_service.clients import Client

MAX_ENTRIES = 200
KEPT_FOR = timedelta(days=180)
COUNTED_TOGETHER = timedelta(hours=1)
"""Acts of one kind that repeat are one entry for this time if they come from one network."""
MAX_FAILURES = 50
"""The part of the log for failures. The other entries have the rest, so neither pushes out the other."""
MAX_REPEATED = 25
"""The entries of one kind that repeats. Beyond that networks are counted together."""
_REMEMBERED_IDS = 16
_USER_AGENT_MAX = 200
NOBODY = "nobody"
Kind = tuple[str, str | None, str]
"""The type, the reason and who did it."""


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

    @property
    def kind(self) -> Kind:
        return self.type, self.reason, self.by

    @property
    def is_failure(self) -> bool:
        return not self.by

    def takes(self, other: SecurityEntry) -> bool:
        """Whether `other`, a later fact of this kind, may be counted here."""
        return self.repeats and other.at - self.began_at < COUNTED_TOGETHER

    def with_another(self, other: SecurityEntry) -> SecurityEntry:
        """Both as one entry, from where the later one came."""
        first, last = sorted((self, other), key=_time)
        return replace(
            last,
            id=first.id,
            count=first.count + last.count,
            since=min(first.began_at, last.began_at),
            ids=(*first.ids, *last.ids)[-_REMEMBERED_IDS:],
        )


def _time(entry: SecurityEntry) -> datetime:
    return entry.at


@dataclass(frozen=True, slots=True)
class SecurityLog:
    """The log of one account, the newest entry first. An erased log stays empty, whatever arrives late."""

    user_id: str
    entries: tuple[SecurityEntry, ...] = ()
    updated_at: datetime | None = None
    version: int = 0
    is_erased: bool = False

    def with_entry(self, entry: SecurityEntry, now: datetime) -> SecurityLog:
        """The log with the entry, unless it has it or is erased. Old entries go. Of too many, the two oldest
        of one kind become one, so that no kind pushes out another."""
        if self.is_erased or any(entry.id in known.ids for known in self.entries):
            return self
        entries = _joined([known for known in self.entries if now - known.at < KEPT_FOR], entry)
        failures = _within(MAX_FAILURES, [it for it in entries if it.is_failure], entry)
        others = _within(MAX_ENTRIES - MAX_FAILURES, [it for it in entries if not it.is_failure], entry)
        return replace(self, entries=_sorted(failures + others), updated_at=now, version=self.version + 1)

    def recent(self, now: datetime) -> tuple[SecurityEntry, ...]:
        """The entries that are not too old, the newest first."""
        return tuple(entry for entry in self.entries if now - entry.at < KEPT_FOR)

    def erased(self, now: datetime) -> SecurityLog:
        return SecurityLog(self.user_id, updated_at=now, version=self.version + 1, is_erased=True)


def _joined(entries: list[SecurityEntry], entry: SecurityEntry) -> list[SecurityEntry]:
    """The entries with one more fact."""
    same = [known for known in entries if known.kind == entry.kind]
    together = [known for known in same if known.network == entry.network]
    if _is_full(entries, entry):  # later networks share an entry, and leave the earlier ones as they are
        together += same[:1]
    for known in together:
        if known.takes(entry):
            return _replaced(entries, [known], known.with_another(entry))
    return _replaced(entries, [], entry)


def _is_full(entries: list[SecurityEntry], entry: SecurityEntry) -> bool:
    """Whether there is no room for one more entry of this kind."""
    part = [known.kind for known in entries if known.is_failure == entry.is_failure]
    most = MAX_FAILURES if entry.is_failure else MAX_ENTRIES - MAX_FAILURES
    return len(part) >= most or part.count(entry.kind) >= MAX_REPEATED


def _within(most: int, entries: list[SecurityEntry], newest: SecurityEntry) -> list[SecurityEntry]:
    """A part of the log with at most so many entries. What repeats makes room itself. For another entry the
    kind with the most entries does."""
    if newest.repeats:
        entries = _narrowed(entries, newest.kind, MAX_REPEATED)
    while len(entries) > most:
        sizes = Counter(known.kind for known in entries)
        kind = newest.kind if newest.repeats and sizes[newest.kind] > 1 else max(sizes, key=sizes.__getitem__)
        entries = _narrowed(entries, kind, sizes[kind] - 1) if sizes[kind] > 1 else entries[:-1]
    return entries


def _narrowed(entries: list[SecurityEntry], kind: Kind, most: int) -> list[SecurityEntry]:
    """The entries with at most so many of the kind: its oldest become one."""
    oldest = [entry for entry in entries if entry.kind == kind][most - 1 :]
    return _replaced(entries, oldest, reduce(SecurityEntry.with_another, oldest)) if oldest else entries


def _replaced(
    entries: list[SecurityEntry], former: list[SecurityEntry], entry: SecurityEntry
) -> list[SecurityEntry]:
    return list(_sorted([entry, *(known for known in entries if known not in former)]))


def _sorted(entries: list[SecurityEntry]) -> tuple[SecurityEntry, ...]:
    """The newest first."""
    return tuple(sorted(entries, key=_time, reverse=True))
