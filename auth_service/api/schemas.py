"""What goes in and out over HTTP. Lengths are those of the domain: characters as they are given."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

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
        max_length=credentials.NAME_MAX,
        json_schema_extra={"minLength": 1},
    ),
]
Email = Annotated[
    str,
    Field(
        description="E-mail address. Upper and lower case are the same.",
        examples=["ana@example.com"],
        max_length=credentials.EMAIL_MAX,
        json_schema_extra={"format": "email"},
    ),
]
Password = Annotated[
    str,
    Field(
        description=f"{credentials.PASSWORD_MIN} to {credentials.PASSWORD_MAX} characters of any script.",
        examples=["correct horse battery"],
        max_length=credentials.PASSWORD_MAX,
        json_schema_extra={"format": "password", "minLength": credentials.PASSWORD_MIN},
    ),
]
GivenPassword = Annotated[
    str,
    Field(
        description="The account's password.",
        examples=["correct horse battery"],
        max_length=credentials.PASSWORD_MAX,
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

    grant_type: Literal["password"]
    username: str = Field(
        description="The e-mail address.",
        max_length=credentials.EMAIL_MAX,
        examples=["ana@example.com"],
    )
    password: GivenPassword


class RefreshRequest(StrictModel):
    refresh_token: str = Field(
        description="The newest refresh token of the session. It works once.",
        max_length=4096,
        examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.b3Blbi1zZXNhbWU"],
    )


class ProfileUpdate(StrictModel):
    """A JSON merge patch (RFC 7396): what is left out stays."""

    name: Name = Field(default_factory=str)

    @property
    def new_name(self) -> str | None:
        """None where it stays."""
        return self.name if "name" in self.model_fields_set else None


class AccountDeletion(StrictModel):
    password: GivenPassword


class PasswordChange(StrictModel):
    current_password: GivenPassword
    new_password: Password


class UserUpdate(StrictModel):
    """A JSON merge patch (RFC 7396): what is left out stays, and null gives `disabled` its default."""

    role: Literal["customer", "admin"] = Field(
        default_factory=lambda: "customer", description="What the user may do."
    )
    disabled: bool | None = Field(
        default_factory=bool, description="A disabled user cannot sign in. Null: false."
    )

    @property
    def new_role(self) -> Role | None:
        """None where it stays."""
        return Role(self.role) if "role" in self.model_fields_set else None

    @property
    def new_disabled(self) -> bool | None:
        """None where it stays."""
        return bool(self.disabled) if "disabled" in self.model_fields_set else None


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
