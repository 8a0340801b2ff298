"""Events that one service publishes and another one reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.events.domain_event import DomainEvent


@dataclass(frozen=True, slots=True)
class UserDeleted(DomainEvent):
    """Published by auth, read by carts: the account is gone, and `session_ids` ended with it."""

    type = "user.deleted"

    session_ids: Sequence[str] = ()
