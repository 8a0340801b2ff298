"""The events of sessions."""

from __future__ import annotations

from datetime import datetime

from auth_service.sessions.model import Session
from shared.events.envelope import Event


def session_ended(session: Session, reason: str, now: datetime) -> Event:
    data = {"user_id": session.user_id, "session_ids": [session.id], "reason": reason}
    return Event.new("session.ended", session.id, session.version, now, data)
