"""What goes in and out over HTTP. Lengths are those of the domain, which counts characters after
normalisation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from auth_service.domain import credentials
from auth_service.domain.sessions import Session
from auth_service.domain.users import User
from auth_service.service import SignedIn
from shared.http.models import PublicModel, StrictModel
from shared.security.identity import Role

Name = Annotated[
    str,
    Field(
        description=f"1 to {credentials.NAME_MAX} characters; shown to others.",
        examples=["Ana Martínez"],
        json_schema_extra={"minLength": 1, "maxLength": credentials.NAME_MAX},
    ),
]
Email = Annotated[
    str,
    Field(
        description="E-mail address. Upper and lower case are the same.",
        examples=["ana@example.com"],
        json_schema_extra={"format": "email", "maxLength": credentials.EMAIL_MAX},
    ),
]
Password = Annotated[
    str,
    Field(
        description=f"{credentials.PASSWORD_MIN} to {credentials.PASSWORD_MAX} characters of any script.",
        examples=["correct horse battery"],
        json_schema_extra={
            "format": "password",
            "minLength": credentials.PASSWORD_MIN,
            "maxLength": credentials.PASSWORD_MAX,
        },
    ),
]
GivenPassword = Annotated[
    str,
    Field(
        description="The account's password.",
        examples=["correct horse battery"],
        json_schema_extra={"format": "password"},
    ),
]


class RegisterRequest(StrictModel):
    name: Name
    email: Email
    password: Password


class LoginRequest(StrictModel):
    email: Email
    password: GivenPassword


class TokenForm(BaseModel):
    """The form of the password grant (RFC 6749, section 4.3.2); other fields of OAuth clients are ignored."""

    grant_type: Literal["password"] = "password"
    username: str = Field(description="The e-mail address.", examples=["ana@example.com"])
    password: GivenPassword


class RefreshRequest(StrictModel):
    refresh_token: str = Field(
        description="The newest refresh token of the session. It works once.",
        examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.b3Blbi1zZXNhbWU"],
    )


class ProfileUpdate(StrictModel):
    name: Name


class AccountDeletion(StrictModel):
    password: GivenPassword


class PasswordChange(StrictModel):
    current_password: GivenPassword
    new_password: Password


class UserUpdate(StrictModel):
    """At least one of them."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    role: Literal["customer", "admin"] | None = Field(
        None, description="What the user may do.", examples=["customer"]
    )
    disabled: bool | None = Field(None, description="A disabled user cannot sign in.", examples=[False])

    @model_validator(mode="after")
    def _refuse_nothing(self) -> Self:
        if self.role is None and self.disabled is None:
            raise ValueError("Give `role`, `disabled` or both.")
        return self

    @property
    def new_role(self) -> Role | None:
        return Role(self.role) if self.role else None


class UserPublic(PublicModel):
    id: str = Field(examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d"])
    name: str = Field(description="`Guest` for a guest.", examples=["Ana Martínez"])
    email: str | None = Field(description="None for a guest.", examples=["ana@example.com"])
    role: Role = Field(examples=["customer"])
    created_at: datetime

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

    disabled: bool
    session_count: int = Field(description="Devices signed in.", examples=[2])
    updated_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            **UserPublic.of(user).model_dump(),
            disabled=user.disabled,
            session_count=len(user.sessions),
            updated_at=user.updated_at,
        )


class SessionPublic(PublicModel):
    """A sign-in on one device."""

    id: str
    created_at: datetime
    refreshed_at: datetime = Field(description="When its tokens were last renewed.")
    expires_at: datetime = Field(description="When it ends unless it is refreshed before.")
    user_agent: str = Field(description="What the device said it is.", examples=["Mozilla/5.0"])
    current: bool = Field(description="Whether this request belongs to it.")

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
    items: list[SessionPublic]


class TokenPublic(PublicModel):
    access_token: str = Field(description="Send it as `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind of token)
    expires_in: int = Field(description="Seconds until the access token expires.", examples=[600])
    refresh_token: str = Field(description="Exchange it at `/refresh` for new tokens, once.")


class SignedInPublic(TokenPublic):
    user: UserPublic

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            user=UserPublic.of(signed_in.user),
            access_token=signed_in.access_token,
            expires_in=signed_in.expires_in,
            refresh_token=signed_in.refresh_token,
        )


class PublicKey(PublicModel):
    """A public key (RFC 7517, RFC 7518)."""

    kid: str
    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    use: Literal["sig"]
    alg: Literal["ES256"]


class PublicKeys(PublicModel):
    keys: list[PublicKey]
