"""The owner's log over HTTP."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from auth_service.security_log.events import UserSignInFailed
from auth_service.security_log.model import MAX_ENTRIES, SecurityEntry
from shared.http.models import Id, PublicModel, Timestamp


class SecurityEventPublic(PublicModel):
    """Something that happened to the account."""

    id: Annotated[Id, Field(description="Id of the first event of the entry.")]
    type: Annotated[
        str, Field(max_length=64, description="The kind, as on the bus.", examples=[UserSignInFailed.type])
    ]
    reason: Annotated[
        str | None,
        Field(max_length=64, description="The reason or the way.", examples=["wrong_password"]),
    ]
    at: Annotated[Timestamp, Field(description="When it happened; the last time if `count` is more than 1.")]
    since: Annotated[Timestamp, Field(description="The first time.")]
    count: Annotated[int, Field(ge=1, le=10**9, description="How often it happened.", examples=[1])]
    by: Annotated[
        str | None,
        Field(
            max_length=64,
            description="Who did it: the id of the user or of an administrator, or `operator` for the shop's "
            "operator. Null for a failed sign-in.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d"],
        ),
    ]
    address: Annotated[
        str | None,
        Field(
            max_length=64,
            description="The network address of the device, the last one if `count` is more than 1.",
            examples=["192.0.2.1"],
        ),
    ]
    user_agent: Annotated[
        str | None,
        Field(max_length=200, description="The `User-Agent` of that device.", examples=["Mozilla/5.0"]),
    ]

    @classmethod
    def of(cls, entry: SecurityEntry) -> Self:
        return cls(
            id=entry.id,
            type=entry.type,
            reason=entry.reason,
            at=entry.at,
            since=entry.began_at,
            count=entry.count,
            by=entry.by or None,
            address=entry.address or None,
            user_agent=entry.user_agent or None,
        )


class SecurityEventList(PublicModel):
    """What happened to the account."""

    items: Annotated[
        list[SecurityEventPublic], Field(max_length=MAX_ENTRIES, description="The newest first.")
    ]
