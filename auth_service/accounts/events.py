"""The events of accounts; `UserDeleted` is in `shared.events.contracts`. `session_ids` in an event are the
sessions that ended with it. The delivery of the event revokes their access tokens. `by` is the id of the user
or administrator who did it, or `operator`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from auth_service.accounts.model import User
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import Actor
from shared.events.contracts import UserDeleted
from shared.events.domain_event import DomainEvent
from shared.events.envelope import Event

SignOutReason = Literal[
    "logout_all",
    "password_changed",
    "password_removed",
    "access_changed",
    "too_many_sessions",
    "ended_by_admin",
]
SignInMethod = Literal["password", "code"]


@dataclass(frozen=True, slots=True)
class UserRegistered(DomainEvent):
    """An account was created."""

    type = "user.registered"

    role: str
    by: str | None = None

    @classmethod
    def of(cls, user: User, by: str | None = None) -> Self:
        return cls(user.id, user.version, user.role.value, by)


@dataclass(frozen=True, slots=True)
class UserSignedIn(DomainEvent):
    """Somebody signed in, by `password` or `code`."""

    type = "user.signed_in"

    session_id: str
    method: SignInMethod

    @classmethod
    def of(cls, user: User, session_id: str, method: SignInMethod) -> Self:
        return cls(user.id, user.version, session_id, method)


@dataclass(frozen=True, slots=True)
class UserSignedOut(DomainEvent):
    """Several sessions of one account ended at once."""

    type = "user.signed_out"

    session_ids: Sequence[str]
    reason: SignOutReason
    by: str | None = None

    @classmethod
    def of(cls, user: User, session_ids: Iterable[str], reason: SignOutReason, by: str | None = None) -> Self:
        return cls(user.id, user.version, sorted(session_ids), reason, by)


@dataclass(frozen=True, slots=True)
class UserRenamed(DomainEvent):
    """The account has another name."""

    type = "user.renamed"

    by: str


@dataclass(frozen=True, slots=True)
class UserAccessChanged(DomainEvent):
    """The account has another role, or was disabled or enabled."""

    type = "user.access_changed"

    role: str
    disabled: bool
    by: str

    @classmethod
    def of(cls, user: User, by: str) -> Self:
        return cls(user.id, user.version, user.role.value, user.disabled, by)


def deleted_event(erased: User, ended: Iterable[str], actor: Actor, now: datetime) -> Event:
    return witnessed(UserDeleted(erased.id, erased.version, sorted(ended), actor.id).to_event(now), actor)


@dataclass(frozen=True, slots=True)
class UserEmailVerified(DomainEvent):
    """The owner of the account has proved to read the mails to its address."""

    type = "user.email_verified"

    by: str

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user.id, user.version, user.id)


@dataclass(frozen=True, slots=True)
class UserEmailChanged(DomainEvent):
    """The account has another address."""

    type = "user.email_changed"

    by: str

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user.id, user.version, user.id)


DELIVERY_SECONDS = 1.0
"""How long an answer waits for the delivery of a revocation, which goes on after that."""
