"""Accounts over HTTP. Lengths count the characters that the client sends, as in `credentials`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from auth_service.accounts import password_rules
from auth_service.accounts.emails import EMAIL_MAX, normalise_email
from auth_service.accounts.model import User
from auth_service.accounts.names import NAME_MAX, clean_name
from shared.http.models import Count, Id, Page, PublicModel, StrictModel, Timestamp
from shared.security.identity import Role

MOST_SESSIONS = 1000
_KEPT_NAME_MAX = 3 * NAME_MAX
"""NFC makes at most three characters of one (Unicode Standard Annex 15)."""


class UserPublic(PublicModel):
    """A user."""

    id: Annotated[Id, Field(description="Never changes.")]
    name: Annotated[
        str,
        Field(max_length=_KEPT_NAME_MAX, description="`Guest` for a guest.", examples=["Ana Martínez"]),
    ]
    email: Annotated[
        str | None,
        Field(
            max_length=EMAIL_MAX,
            description="E-mail address, in lower case; null for a guest.",
            examples=["ana@example.com"],
        ),
    ]
    email_verified: Annotated[
        bool, Field(description="Whether the owner has proved to read the mails to it.", examples=[True])
    ]
    role: Annotated[Role, Field(description="What the user may do.", examples=["customer"])]
    created_at: Annotated[Timestamp, Field(description="When the account was created.")]

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            name=user.name,
            email=user.email or None,
            email_verified=user.email_verified,
            role=user.role,
            created_at=user.created_at,
        )


class UserAdministered(UserPublic):
    """A user as administrators see them."""

    disabled: Annotated[bool, Field(description="A disabled user cannot sign in.", examples=[False])]
    session_count: Annotated[Count, Field(description="Devices signed in.", examples=[2])]
    updated_at: Annotated[Timestamp, Field(description="When the account was last changed.")]

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


_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_VISIBLE_LINE = rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"

_PASSWORD = (
    f"{password_rules.PASSWORD_MIN} to {password_rules.PASSWORD_MAX} characters of any script, in NFC; "
    f"{password_rules.PRIVILEGED_PASSWORD_MIN} for editors and administrators. A common one is refused, and "
    "one that repeats, counts, or contains the name, the e-mail address or the name of the shop."
)

Name = Annotated[
    str,
    Field(
        max_length=NAME_MAX,
        description=f"1 to {NAME_MAX} characters on one line; shown to others. "
        "Characters that nobody sees are refused.",
        examples=["Ana Martínez"],
        json_schema_extra={"minLength": 1, "pattern": _VISIBLE_LINE},  # refused by `clean_name`
    ),
    AfterValidator(clean_name),
]
Email = Annotated[
    str,
    Field(
        max_length=EMAIL_MAX,
        description="E-mail address. Upper and lower case are the same, and so are a domain and its ASCII "
        "form. Characters that nobody sees are refused.",
        examples=["ana@example.com"],
        json_schema_extra={"format": "email"},
    ),
    AfterValidator(normalise_email),
]
Password = Annotated[
    str,
    Field(
        description=_PASSWORD,
        examples=["correct horse battery"],
        json_schema_extra={
            "format": "password",
            "minLength": password_rules.PASSWORD_MIN,
            "maxLength": password_rules.PASSWORD_MAX,
        },
    ),
    AfterValidator(password_rules.clean_password),
]
GivenEmail = Annotated[
    str,
    Field(
        max_length=EMAIL_MAX,
        description="The account's e-mail address. An invalid one is answered like an unknown one.",
        examples=["ana@example.com"],
    ),
]
GivenPassword = Annotated[
    str,
    Field(
        description="The account's password.",
        examples=["correct horse battery"],
        json_schema_extra={"format": "password", "maxLength": password_rules.PASSWORD_MAX},
    ),
    AfterValidator(password_rules.given_password),
]


class ProfileUpdate(StrictModel):
    """A JSON merge patch (RFC 7396): a missing member stays."""

    name: Name = Field(default_factory=str)

    @property
    def new_name(self) -> str | None:
        """None if it stays."""
        return self.name if "name" in self.model_fields_set else None


class AccountDeletion(StrictModel):
    """The confirmation of the deletion."""

    password: GivenPassword


class PasswordChange(StrictModel):
    """The current password and the new one."""

    current_password: GivenPassword
    new_password: Password


class UserUpdate(StrictModel):
    """A JSON merge patch (RFC 7396): a missing member stays, and null gives `disabled` its default."""

    role: Literal["customer", "editor", "admin"] = Field(
        default_factory=lambda: "customer",
        description="What the user may do: an editor changes the catalogue, an admin does everything.",
        examples=["customer"],
    )
    disabled: bool | None = Field(
        default_factory=bool, description="A disabled user cannot sign in. Null: false.", examples=[False]
    )

    @property
    def new_role(self) -> Role | None:
        """None if it stays."""
        return Role(self.role) if "role" in self.model_fields_set else None

    @property
    def new_disabled(self) -> bool | None:
        """None if it stays."""
        return bool(self.disabled) if "disabled" in self.model_fields_set else None
