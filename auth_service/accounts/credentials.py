"""The input for an account, each value in its normal form."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from auth_service.accounts.emails import EMAIL_MAX, claim_id, email_or_none, normalise_email
from auth_service.accounts.names import NAME_MAX, clean_name
from shared.errors import FieldError, InvalidInput

__all__ = [
    "EMAIL_MAX",
    "NAME_MAX",
    "PASSWORD_MAX",
    "PASSWORD_MIN",
    "NewAccount",
    "checked",
    "claim_id",
    "clean_name",
    "clean_password",
    "email_or_none",
    "new_account",
    "normalise_email",
]

PASSWORD_MIN = 8
PASSWORD_MAX = 128


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Checked input for an account, each value in its normal form."""

    name: str
    email: str
    password: str


def new_account(name: str, email: str, password: str) -> NewAccount:
    """Checks all three. Raises `InvalidInput` that points at every invalid field."""
    errors: list[FieldError] = []
    account = NewAccount(
        _checked("/name", clean_name, name, errors),
        _checked("/email", normalise_email, email, errors),
        _checked("/password", clean_password, password, errors),
    )
    if errors:
        raise InvalidInput("Correct the fields that `errors` names.", errors=errors)
    return account


def checked(pointer: str, clean: Callable[[str], str], value: str) -> str:
    """The normal form of one value. Raises `InvalidInput` that points at it."""
    errors: list[FieldError] = []
    result = _checked(pointer, clean, value, errors)
    if errors:
        raise InvalidInput(errors[0].message, errors=errors)
    return result


def _checked(pointer: str, clean: Callable[[str], str], value: str, errors: list[FieldError]) -> str:
    try:
        return clean(value)
    except ValueError as error:
        errors.append(FieldError(pointer, str(error)))
        return value


def clean_password(text: str) -> str:
    """The password in NFC, so that two keyboards give the same. The given text has 8 to 128 characters of any
    script (NIST SP 800-63B). Raises ValueError."""
    if not PASSWORD_MIN <= len(text) <= PASSWORD_MAX:
        raise ValueError(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.")
    return unicodedata.normalize("NFC", text)
