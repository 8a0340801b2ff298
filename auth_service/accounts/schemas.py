"""What goes out over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field

from auth_service.accounts import credentials
from auth_service.accounts.model import User
from auth_service.sessions.model import USER_AGENT_MAX, Session
from auth_service.sessions.tokens import SignedIn
from shared.http.fields import Count, Id, Timestamp
from shared.http.models import Page, PublicModel
from shared.security.identity import Role

LONGEST_TOKEN = 4096
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


class SessionPublic(PublicModel):
    """A sign-in on one device."""

    id: Annotated[Id, Field(description="Id of the session.")]
    created_at: Annotated[Timestamp, Field(description="When the device signed in.")]
    refreshed_at: Annotated[Timestamp, Field(description="When its tokens were last renewed.")]
    expires_at: Annotated[Timestamp, Field(description="When it ends unless it is refreshed before.")]
    user_agent: Annotated[
        str,
        Field(max_length=USER_AGENT_MAX, description="What the device said it is.", examples=["Mozilla/5.0"]),
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


class TokenPublic(PublicModel):
    """The tokens of a session (RFC 6749, section 5.1)."""

    access_token: Annotated[
        str,
        Field(
            max_length=LONGEST_TOKEN,
            description="Send it as `Authorization: Bearer …`.",
            examples=["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTk4In0.c2lnbmF0dXJl"],
        ),
    ]
    token_type: Annotated[Literal["Bearer"], Field(description="How to send the access token.")] = "Bearer"  # noqa: S105 (a kind of token)
    expires_in: Annotated[
        int,
        Field(ge=0, le=10**9, description="Seconds until the access token expires.", examples=[600]),
    ]
    refresh_token: Annotated[
        str,
        Field(
            max_length=LONGEST_TOKEN,
            description="Exchange it at `/refresh` for new tokens, once.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.b3Blbi1zZXNhbWU"],
        ),
    ]


class SignedInPublic(TokenPublic):
    """A session: its tokens, and whose it is."""

    user: Annotated[UserPublic, Field(description="Who has signed in.")]

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            user=UserPublic.of(signed_in.user),
            access_token=signed_in.access_token,
            expires_in=signed_in.expires_in,
            refresh_token=signed_in.refresh_token,
        )


_Coordinate = Annotated[
    str,
    Field(
        max_length=43, pattern="^[A-Za-z0-9_-]{43}$", examples=["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"]
    ),
]


class PublicKey(PublicModel):
    """A public key (RFC 7517, RFC 7518)."""

    kid: Annotated[Id, Field(description="Id of the key, as in the header of a token.")]
    kty: Annotated[Literal["EC"], Field(description="Type of the key.")]
    crv: Annotated[Literal["P-256"], Field(description="The curve.")]
    x: Annotated[_Coordinate, Field(description="X coordinate, base64url.")]
    y: Annotated[_Coordinate, Field(description="Y coordinate, base64url.")]
    use: Annotated[Literal["sig"], Field(description="What it is for: signatures.")]
    alg: Annotated[Literal["ES256"], Field(description="The algorithm.")]


class PublicKeys(PublicModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: Annotated[list[PublicKey], Field(max_length=10, description="Every key that is in use.")]
