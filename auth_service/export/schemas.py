"""The export over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, RootModel

from auth_service.accounts.schemas import MOST_SESSIONS, UserPublic
from auth_service.export.service import Export
from auth_service.security_log.model import MAX_ENTRIES
from auth_service.security_log.schemas import SecurityEventPublic
from auth_service.sessions.schemas import SessionPublic
from shared.http.models import PublicModel, Timestamp


class AccountExport(UserPublic):
    """The account."""

    email_verified: Annotated[
        bool, Field(description="Whether a code came back from the address.", examples=[True])
    ]
    updated_at: Annotated[Timestamp, Field(description="When the account was last changed.")]


class ServiceExport(RootModel[dict[str, Any]]):
    """What one service keeps about the person, by the name of each part."""

    root: Annotated[dict[str, Any], Field(max_length=100)]


class ExportPublic(PublicModel):
    """Everything that the shop keeps about a person, without secrets: no hash of a password and no token."""

    exported_at: Annotated[Timestamp, Field(description="When it was gathered.")]
    account: Annotated[AccountExport, Field(description="The account, or the guest.")]
    sessions: Annotated[
        list[SessionPublic], Field(max_length=MOST_SESSIONS, description="Devices that are signed in.")
    ]
    security_events: Annotated[
        list[SecurityEventPublic], Field(max_length=MAX_ENTRIES, description="What happened to the account.")
    ]
    services: Annotated[
        dict[str, ServiceExport],
        Field(
            max_length=10,
            description="What each other service keeps. `cart`: the cart with lines, those saved for later, "
            "what can be undone, and merges; and the uses of promo codes.",
            examples=[{"cart": {"cart": None, "promo_code_uses": []}}],
        ),
    ]

    @classmethod
    def of(cls, export: Export, session_id: str) -> Self:
        user = export.user
        return cls(
            exported_at=export.exported_at,
            account=AccountExport(
                **UserPublic.of(user).model_dump()
                | {"email_verified": user.email_verified, "updated_at": user.updated_at}
            ),
            sessions=[SessionPublic.of(session, session_id) for session in export.sessions],
            security_events=[SecurityEventPublic.of(entry) for entry in export.entries],
            services={name: ServiceExport(dict(kept)) for name, kept in export.others.items()},
        )
