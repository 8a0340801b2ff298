"""Events that one service publishes and another one reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.events.domain_event import DomainEvent


@dataclass(frozen=True, slots=True)
class UserDeleted(DomainEvent):
    """The account was deleted, and its sessions `session_ids` ended. Auth publishes it, the cart reads it."""

    type = "user.deleted"

    session_ids: Sequence[str] = ()
