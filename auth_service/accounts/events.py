"""The events of accounts; `UserDeleted` is in `shared.events.contracts`. `session_ids` in an event are the
sessions that ended with it. The delivery of the event revokes their access tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from auth_service.accounts.model import User
from shared.events.domain_event import DomainEvent

SignOutReason = Literal[
    "logout_all", "password_changed", "password_removed", "access_changed", "too_many_sessions"
]


@dataclass(frozen=True, slots=True)
class UserRegistered(DomainEvent):
    """An account was created."""

    type = "user.registered"

    role: str

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user.id, user.version, user.role.value)


@dataclass(frozen=True, slots=True)
class UserSignedOut(DomainEvent):
    """Several sessions of one account ended at once."""

    type = "user.signed_out"

    session_ids: Sequence[str]
    reason: SignOutReason

    @classmethod
    def of(cls, user: User, session_ids: Iterable[str], reason: SignOutReason) -> Self:
        return cls(user.id, user.version, sorted(session_ids), reason)


@dataclass(frozen=True, slots=True)
class UserEmailVerified(DomainEvent):
    """The owner of the account has proved to read the mails to its address."""

    type = "user.email_verified"

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user.id, user.version)


@dataclass(frozen=True, slots=True)
class UserEmailChanged(DomainEvent):
    """The account has another address."""

    type = "user.email_changed"

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user.id, user.version)


DELIVERY_SECONDS = 1.0
"""How long an answer waits for the delivery of a revocation, which goes on after that."""
