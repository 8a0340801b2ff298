"""Bodies of signing in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from fastapi import Response
from pydantic import BaseModel, Field

from auth_service.accounts.emails import EMAIL_MAX
from auth_service.accounts.schemas import Email, GivenEmail, GivenPassword, Name, Password, UserPublic
from auth_service.browsers import Mode, device_cookie, refresh_cookie
from auth_service.sessions.tokens import SignedIn
from shared.http.models import PublicModel, StrictModel

LONGEST_TOKEN = 4096


class AccessTokenPublic(PublicModel):
    """An access token (RFC 6749, section 5.1)."""

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


class TokenPublic(AccessTokenPublic):
    """The tokens of a session (RFC 6749, section 5.1)."""

    refresh_token: Annotated[
        str,
        Field(
            max_length=LONGEST_TOKEN,
            description="Exchange it at `/refresh` for new tokens.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.7.b3Blbi1zZXNhbWU"],
        ),
    ]


class SignedInPublic(AccessTokenPublic):
    """A session: its tokens and its user."""

    refresh_token: Annotated[
        str | None,
        Field(
            max_length=LONGEST_TOKEN,
            description="Exchange it at `/refresh` for new tokens. Null in cookie mode: the cookie has it.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.7.b3Blbi1zZXNhbWU"],
        ),
    ]
    device_token: Annotated[
        str | None,
        Field(
            max_length=LONGEST_TOKEN,
            description="Send it as `Device-Token` when you sign in again, so that this device is known. "
            "Null in cookie mode: a cookie has it.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.0198c1d2.1772357400.b3Blbi1zZXNhbWU"],
        ),
    ]
    user: Annotated[UserPublic, Field(description="The user of the session.")]

    @classmethod
    def of(cls, signed_in: SignedIn, mode: Mode) -> Self:
        is_cookie = mode == "cookie"
        return cls(
            user=UserPublic.of(signed_in.user),
            access_token=signed_in.access_token,
            expires_in=signed_in.expires_in,
            refresh_token=None if is_cookie else signed_in.refresh_token,
            device_token=None if is_cookie else signed_in.device_token,
        )


def signed_in_answer(response: Response, signed_in: SignedIn, mode: Mode) -> SignedInPublic:
    """The answer of every route that opens or renews a session. In cookie mode no body has a refresh token or
    a device token; the cookies in `response` have them."""
    if mode == "cookie":
        cookies = [refresh_cookie(signed_in.refresh_token, signed_in.session_seconds)]
        cookies += [device_cookie(signed_in.device_token)] if signed_in.device_token else []
        for cookie in cookies:
            response.headers.append("Set-Cookie", cookie)
    return SignedInPublic.of(signed_in, mode)


class SessionMode(StrictModel):
    """How the client keeps the session."""

    mode: Mode = Field(
        "bearer",
        description="`bearer` for apps: the refresh token is in the answer. `cookie` for pages: it is in a "
        "cookie that no script can read.",
        examples=["bearer"],
    )


class GuestRequest(SessionMode):
    """A new guest."""


class GuestSignIn(SessionMode):
    """A sign-in, perhaps of a guest."""

    guest_token: Annotated[
        str | None,
        Field(
            max_length=LONGEST_TOKEN,
            description="The access token of the guest who signs in: the guest's session ends. The cart is"
            " not touched: merge it with `POST /api/v1/cart/merge` before this token expires.",
            examples=["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTk4In0.c2lnbmF0dXJl"],
        ),
    ] = None


class RegisterRequest(GuestSignIn):
    """A new account."""

    name: Name
    email: Email
    password: Password


class LoginRequest(GuestSignIn):
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
            max_length=EMAIL_MAX,
            description="The e-mail address.",
            examples=["ana@example.com"],
        ),
    ]
    password: Annotated[GivenPassword, Field(min_length=1)]


class RevocationForm(BaseModel):
    """The form of a revocation (RFC 7009, section 2.1); other fields of OAuth clients are ignored."""

    token: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_TOKEN,
            description="A refresh token or an access token.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.7.b3Blbi1zZXNhbWU"],
        ),
    ]
    token_type_hint: Annotated[
        str,
        Field(
            max_length=100,
            description="`refresh_token` or `access_token`. The shop recognises the token without it.",
            examples=["refresh_token"],
        ),
    ] = ""


class RefreshRequest(SessionMode):
    """The session to renew."""

    refresh_token: Annotated[
        str | None,
        Field(
            max_length=LONGEST_TOKEN,
            description="The newest refresh token of the session. Without it the cookie counts.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.7.b3Blbi1zZXNhbWU"],
        ),
    ] = None
