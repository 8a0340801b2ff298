"""What goes out over HTTP."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from auth_service.accounts import credentials
from auth_service.accounts.model import User
from shared.http.fields import Count, Id, Timestamp
from shared.http.models import Page, PublicModel
from shared.security.identity import Role

MOST_SESSIONS = 1000
_KEPT_NAME_MAX = 3 * credentials.NAME_MAX
"""NFC makes at most three characters of one (Unicode Standard Annex 15)."""


class UserPublic(PublicModel):
    """Who a user is."""

    id: Annotated[Id, Field(description="Stays the same for ever.")]
    name: Annotated[
        str,
        Field(max_length=_KEPT_NAME_MAX, description="`Guest` for a guest.", examples=["Ana Martínez"]),
    ]
    email: Annotated[
        str | None,
        Field(
            max_length=credentials.EMAIL_MAX,
            description="E-mail address, in lower case; null for a guest.",
            examples=["ana@example.com"],
        ),
    ]
    role: Annotated[Role, Field(description="What the user may do.", examples=["customer"])]
    created_at: Annotated[Timestamp, Field(description="When the account was created.")]

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            name=user.name,
            email=user.email or None,
            role=user.role,
            created_at=user.created_at,
        )


class UserAdministered(UserPublic):
    """A user as administrators see them."""

    disabled: Annotated[bool, Field(description="A disabled user cannot sign in.", examples=[False])]
    session_count: Annotated[Count, Field(description="Devices signed in.", examples=[2])]
    updated_at: Annotated[Timestamp, Field(description="When the account was changed last.")]

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            **UserPublic.of(user).model_dump(),
            disabled=user.disabled,
            session_count=len(user.sessions),
            updated_at=user.updated_at,
        )


class UserAdministeredPage(Page[UserAdministered]):
    """One page of users, as administrators see them."""
