"""The events of accounts. `session_ids` in an event are the sessions that ended with it:
delivering the event revokes their access tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from auth_service.accounts.model import User
from shared.events.envelope import Event


def user_registered(user: User, now: datetime) -> Event:
    return Event.new("user.registered", user.id, user.version, now, {"role": user.role})


def user_signed_out(user: User, session_ids: Iterable[str], reason: str, now: datetime) -> Event:
    """Several sessions of one account ended at once."""
    data = {"session_ids": sorted(session_ids), "reason": reason}
    return Event.new("user.signed_out", user.id, user.version, now, data)


def user_deleted(user: User, session_ids: Iterable[str], now: datetime) -> Event:
    return Event.new("user.deleted", user.id, user.version, now, {"session_ids": sorted(session_ids)})


DELIVERY_SECONDS = 1.0
"""How long an answer waits for the revocation to be delivered. Past it, it follows by itself."""
