"""Bodies of signing in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from auth_service.accounts import credentials
from auth_service.accounts.schemas import Email, GivenEmail, GivenPassword, Name, Password, UserPublic
from auth_service.sessions.tokens import SignedIn
from shared.http.models import PublicModel, StrictModel

LONGEST_TOKEN = 4096


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
    """A session: its tokens and its user."""

    user: Annotated[UserPublic, Field(description="The user of the session.")]

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            user=UserPublic.of(signed_in.user),
            access_token=signed_in.access_token,
            expires_in=signed_in.expires_in,
            refresh_token=signed_in.refresh_token,
        )


class RegisterRequest(StrictModel):
    """A new account."""

    name: Name
    email: Email
    password: Password


class LoginRequest(StrictModel):
    """The credentials of an account."""

    email: GivenEmail
    password: GivenPassword


class TokenForm(BaseModel):
    """The form of the password grant (RFC 6749, section 4.3.2); other fields of OAuth clients are ignored."""

    grant_type: Annotated[Literal["password"], Field(description="The only supported grant.")]
    username: Annotated[
        str,
        Field(
            min_length=1,
            max_length=credentials.EMAIL_MAX,
            description="The e-mail address.",
            examples=["ana@example.com"],
        ),
    ]
    password: Annotated[GivenPassword, Field(min_length=1)]


class RefreshRequest(StrictModel):
    """The session to renew."""

    refresh_token: Annotated[
        str,
        Field(
            max_length=LONGEST_TOKEN,
            description="The newest refresh token of the session. It works once.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.b3Blbi1zZXNhbWU"],
        ),
    ]
