"""What comes in over HTTP. Lengths are those of the domain: characters as they are given."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from auth_service.api.answers import LONGEST_TOKEN
from auth_service.domain import credentials
from shared.http.models import StrictModel
from shared.security.identity import Role

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_VISIBLE_LINE = rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"

Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=credentials.NAME_MAX,
        pattern=_VISIBLE_LINE,
        description=f"1 to {credentials.NAME_MAX} characters on one line; shown to others.",
        examples=["Ana Martínez"],
    ),
    AfterValidator(credentials.clean_name),
]
Email = Annotated[
    str,
    Field(
        max_length=credentials.EMAIL_MAX,
        description="E-mail address. Upper and lower case are the same.",
        examples=["ana@example.com"],
        json_schema_extra={"format": "email"},
    ),
    AfterValidator(credentials.normalise_email),
]
Password = Annotated[
    str,
    Field(
        min_length=credentials.PASSWORD_MIN,
        max_length=credentials.PASSWORD_MAX,
        description=f"{credentials.PASSWORD_MIN} to {credentials.PASSWORD_MAX} characters of any script.",
        examples=["correct horse battery"],
        json_schema_extra={"format": "password"},
    ),
]
GivenPassword = Annotated[
    str,
    Field(
        max_length=credentials.PASSWORD_MAX,
        description="The account's password.",
        examples=["correct horse battery"],
        json_schema_extra={"format": "password"},
    ),
]


class RegisterRequest(StrictModel):
    """A new account."""

    name: Name
    email: Email
    password: Password


class LoginRequest(StrictModel):
    """Who signs in."""

    email: Email
    password: GivenPassword


class TokenForm(BaseModel):
    """The form of the password grant (RFC 6749, section 4.3.2); other fields of OAuth clients are ignored."""

    grant_type: Annotated[Literal["password"], Field(description="The only grant there is.")] = "password"
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


class ProfileUpdate(StrictModel):
    """What changes about the account."""

    name: Name


class AccountDeletion(StrictModel):
    """What confirms the deletion."""

    password: GivenPassword


class PasswordChange(StrictModel):
    """The password of now, and the one to be."""

    current_password: GivenPassword
    new_password: Password


class UserUpdate(StrictModel):
    """What changes about a user: the role, whether they are disabled, or both."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    role: Literal["customer", "admin"] | None = Field(
        None, description="What the user may do; null: as before.", examples=["customer"]
    )
    disabled: bool | None = Field(
        None, description="A disabled user cannot sign in; null: as before.", examples=[False]
    )

    @model_validator(mode="after")
    def _refuse_nothing(self) -> Self:
        if self.role is None and self.disabled is None:
            raise ValueError("Give `role`, `disabled` or both.")
        return self

    @property
    def new_role(self) -> Role | None:
        return Role(self.role) if self.role else None
