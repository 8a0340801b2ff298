"""The event of a failed sign-in, and what goes to the owner's log with every event of an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from auth_service.clients import Client
from auth_service.security_log.model import Actor, SecurityEntry
from shared.events.domain_event import DomainEvent
from shared.events.envelope import Event

FailureReason = Literal[
    "wrong_password", "wrong_code", "account_disabled", "password_too_weak", "not_confirmed"
]
_CLIENT = "client"
_REASONS = ("reason", "method", "role")


@dataclass(frozen=True, slots=True)
class UserSignInFailed(DomainEvent):
    """Somebody failed to sign in, for the reasons `wrong_password`, `wrong_code`, `account_disabled` and
    `password_too_weak`, or a signed-in user failed to confirm a change (`not_confirmed`). For an unknown
    account the entity is `nobody-` and two digits."""

    type = "user.sign_in_failed"

    reason: FailureReason


@dataclass(frozen=True, slots=True)
class UserExported(DomainEvent):
    """Somebody got everything that is kept about the account."""

    type = "user.exported"

    by: str


REPEATED = frozenset({"user.renamed", UserExported.type})
"""The acts that an access token alone can repeat, and that change little: those of an hour are counted."""


@dataclass(frozen=True, slots=True)
class UserResetSent(DomainEvent):
    """An administrator had a code for a new password mailed to the account."""

    type = "user.reset_sent"

    by: str


def witnessed(event: Event, actor: Actor) -> Event:
    """The event with its client, which only the owner's log gets. `RecordingPublisher` takes it out before
    anything is published."""
    client = actor.client
    seen = {"address": client.address, "user_agent": client.user_agent[:200]} if client else None
    return replace(event, data={**event.data, _CLIENT: seen})


def public(event: Event) -> Event:
    """The event as it is published."""
    if _CLIENT not in event.data:
        return event
    return replace(event, data={name: value for name, value in event.data.items() if name != _CLIENT})


def is_witnessed(event: Event) -> bool:
    """Whether it is about an account, and not about a guest."""
    return _CLIENT in event.data


def entry_of(event: Event) -> tuple[str, SecurityEntry] | None:
    """The user and the entry of a witnessed event; None for any other."""
    data = event.data
    if _CLIENT not in data:
        return None
    user_id = str(data.get("user_id", event.entity_id))
    actor = Actor(str(data.get("by", user_id)), _client(data[_CLIENT]))
    reason = next((str(data[name]) for name in _REASONS if data.get(name)), None)
    repeats = event.type in REPEATED
    return user_id, SecurityEntry.of(event.id, event.type, event.time, actor, reason, repeats=repeats)


def _client(seen: Mapping[str, Any] | None) -> Client | None:
    return Client(str(seen["address"]), str(seen["user_agent"])) if seen else None
