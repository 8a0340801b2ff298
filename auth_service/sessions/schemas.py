"""Sessions over HTTP."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from auth_service.accounts.schemas import MOST_SESSIONS
from auth_service.sessions.model import USER_AGENT_MAX, Session
from shared.http.models import Id, PublicModel, Timestamp


class SessionPublic(PublicModel):
    """A sign-in on one device."""

    id: Annotated[Id, Field(description="Id of the session.")]
    created_at: Annotated[Timestamp, Field(description="When the device signed in.")]
    refreshed_at: Annotated[Timestamp, Field(description="When its tokens were last renewed.")]
    expires_at: Annotated[
        Timestamp,
        Field(description="When it ends, unless it is refreshed before. It has a last end, too."),
    ]
    user_agent: Annotated[
        str,
        Field(max_length=USER_AGENT_MAX, description="The device's `User-Agent`.", examples=["Mozilla/5.0"]),
    ]
    current: Annotated[bool, Field(description="Whether this request belongs to it.", examples=[True])]

    @classmethod
    def of(cls, session: Session, current_id: str) -> Self:
        return cls(
            id=session.id,
            created_at=session.created_at,
            refreshed_at=session.refreshed_at,
            expires_at=session.expires_at,
            user_agent=session.user_agent,
            current=session.id == current_id,
        )


class SessionList(PublicModel):
    """The devices that are signed in."""

    items: Annotated[list[SessionPublic], Field(max_length=MOST_SESSIONS, description="The oldest first.")]
