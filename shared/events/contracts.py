"""Events that one service publishes and another one reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.events.domain_event import DomainEvent


@dataclass(frozen=True, slots=True)
class UserDeleted(DomainEvent):
    """The account was deleted, by the user `by`, and its sessions `session_ids` ended. A guest who signed
    out is deleted as well. Auth publishes it, the cart reads it."""

    type = "user.deleted"

    session_ids: Sequence[str] = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class CartChangedOnBehalf(DomainEvent):
    """The administrator `by` changed the cart of somebody else. The cart publishes it, auth reads it."""

    type = "cart.changed_on_behalf"

    by: str
