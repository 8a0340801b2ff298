"""The events of sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from auth_service.sessions.model import Session
from shared.events.domain_event import DomainEvent

EndReason = Literal["logout", "reuse", "signed_in"]


@dataclass(frozen=True, slots=True)
class SessionEnded(DomainEvent):
    """One session ended. `session_ids` has its id, so that every event that revokes names sessions in the
    same way. The reason `reuse` means that a refresh token was used twice, `signed_in` that a guest signed in
    to an account. `by` is empty if that is not known."""

    type = "session.ended"

    user_id: str
    session_ids: Sequence[str]
    reason: EndReason
    by: str | None = None

    @classmethod
    def of(cls, session: Session, reason: EndReason, by: str | None = None) -> Self:
        return cls(session.id, session.version, session.user_id, [session.id], reason, by)
