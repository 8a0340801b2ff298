"""The input for an account, each value in its normal form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auth_service.accounts.emails import normalise_email
from auth_service.accounts.names import clean_name
from auth_service.accounts.password_rules import clean_password
from shared.errors import FieldError, InvalidInput


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
