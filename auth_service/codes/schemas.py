"""Bodies of mailed codes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field

from auth_service.accounts.schemas import Email, GivenEmail, GivenPassword, Password
from auth_service.codes.issuing import CodeHandle
from auth_service.codes.model import CODE_LIFE, CodePurpose
from auth_service.codes.using import GivenCode
from auth_service.sign_in.schemas import LONGEST_TOKEN, GuestSignIn, SignedInPublic
from shared.http.models import PublicModel, StrictModel

_LONGEST_CODE = 32
"""Eight letters, with the hyphens and spaces that people type."""

RequestedPurpose = Annotated[
    Literal["verify", "reset", "sign_in", "unlock"],
    Field(
        description="`verify`: the address is the owner's. `reset`: set a forgotten password. `sign_in`: "
        "sign in without a password. `unlock`: make a new device known while sign-ins are throttled.",
        examples=["reset"],
    ),
]
CodeId = Annotated[
    str,
    Field(
        max_length=64,
        description="The handle of the request for the code. Keep it in the page or app that asked.",
        examples=["9f86d081884c7d659a2feaa0c55ad015"],
    ),
]
Code = Annotated[
    str,
    Field(
        max_length=_LONGEST_CODE,
        description="The code in the mail. Upper and lower case, hyphens and spaces do not matter.",
        examples=["WDJB-MJHT"],
    ),
]


class CodeCreate(StrictModel):
    """A request for a mailed code."""

    email: GivenEmail
    purpose: RequestedPurpose


class CodeRequested(PublicModel):
    """A request for a code was accepted. This says nothing about the address."""

    code_id: CodeId
    expires_in: Annotated[
        int,
        Field(
            ge=0,
            le=int(CODE_LIFE.total_seconds()),
            description="Seconds until the code is not accepted any more.",
            examples=[600],
        ),
    ]

    @classmethod
    def of(cls, handle: CodeHandle) -> Self:
        return cls(code_id=handle.code_id, expires_in=handle.expires_in)


class _CodeUse(GuestSignIn):
    """A code, and what it is for."""

    code_id: CodeId
    code: Code
    email: GivenEmail

    def given_for(self, purpose: CodePurpose) -> GivenCode:
        return GivenCode(self.code_id, self.code, purpose, self.email)


class VerificationCodeUse(_CodeUse):
    """Shows that the address is the owner's. Needs an access token of the account."""

    purpose: Annotated[Literal["verify"], Field(description="The address is the owner's.")]


class ResetCodeUse(_CodeUse):
    """Sets a forgotten password."""

    purpose: Annotated[Literal["reset"], Field(description="Set a forgotten password.")]
    new_password: Password


class SignInCodeUse(_CodeUse):
    """Signs in without a password."""

    purpose: Annotated[Literal["sign_in"], Field(description="Sign in without a password.")]


class UnlockCodeUse(_CodeUse):
    """Makes a new device known."""

    purpose: Annotated[
        Literal["unlock"], Field(description="Make a new device known while sign-ins are throttled.")
    ]


CodeUse = Annotated[
    ResetCodeUse | SignInCodeUse | VerificationCodeUse | UnlockCodeUse, Field(discriminator="purpose")
]


class CodeUsed(PublicModel):
    """What the code has done."""

    session: Annotated[
        SignedInPublic | None, Field(description="After `reset` and `sign_in`: the session. Else null.")
    ]
    device_token: Annotated[
        str | None,
        Field(
            max_length=LONGEST_TOKEN,
            description="After `unlock`: send it as `Device-Token` when you sign in. Null in cookie mode, "
            "where a cookie has it, and for the other purposes.",
            examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d.0198c1d2.1772357400.b3Blbi1zZXNhbWU"],
        ),
    ]


class EmailChange(StrictModel):
    """The new address, and the account's password."""

    email: Email
    password: GivenPassword


class EmailConfirmation(StrictModel):
    """The code that was mailed to the new address."""

    code_id: CodeId
    code: Code
