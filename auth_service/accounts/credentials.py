"""The allowed names, e-mail addresses and passwords, and the normal form of each."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import FieldError, InvalidInput

NAME_MAX = 100
EMAIL_MAX = 254
EMAIL_LOCAL_MAX = 64
PASSWORD_MIN = 8
PASSWORD_MAX = 128

_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]+")
_LABEL = re.compile(r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?")
_UNPRINTABLE = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_CONTROL = {"Cc", "Cs", "Zl", "Zp"}


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


def clean_name(text: str) -> str:
    """The name, trimmed, in NFC. The given text has 1 to 100 characters, without control characters and line
    ends. Raises ValueError."""
    name = text.strip() if len(text) <= NAME_MAX else ""
    if not name:
        raise ValueError(f"A name has 1 to {NAME_MAX} characters.")
    if any(unicodedata.category(character) in _CONTROL for character in text):
        raise ValueError("A name has no control characters and no line ends.")
    return unicodedata.normalize("NFC", name)


def normalise_email(text: str) -> str:
    """The form in which an address is stored and compared: NFKC, case-folded, trimmed.

    So `Ana@Example.com ` and `ana@example.com` are one account. RFC 5321 allows the part before the `@` to
    differ by case, but no provider in use does. Addresses of RFC 6531 (any script) are accepted. Quoted local
    parts and address literals are not. Raises ValueError.
    """
    email = _fold(text) if len(text) <= EMAIL_MAX else ""
    local, at, domain = email.rpartition("@")
    if not at or len(email) > EMAIL_MAX or len(local) > EMAIL_LOCAL_MAX:
        raise ValueError("An e-mail address looks like name@example.com.")
    if not _is_local_part(local) or not _is_domain(domain):
        raise ValueError("An e-mail address looks like name@example.com.")
    return email


def email_or_none(text: str) -> str | None:
    """The normal form of an address, or None for a text that is not one."""
    try:
        return normalise_email(text)
    except ValueError:
        return None


def _fold(text: str) -> str:
    # Folding can undo normalisation, and the reverse. Two rounds reach a stable form (UAX 31).
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", text).strip()


def _is_local_part(local: str) -> bool:
    if not _LOCAL.fullmatch(local) or any(unicodedata.category(c) in _UNPRINTABLE for c in local):
        return False
    return not (local.startswith(".") or local.endswith(".") or ".." in local)


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    return len(labels) >= 2 and all(_LABEL.fullmatch(label) for label in labels)


def clean_password(text: str) -> str:
    """The password in NFC, so that two keyboards give the same. The given text has 8 to 128 characters of any
    script (NIST SP 800-63B). Raises ValueError."""
    if not PASSWORD_MIN <= len(text) <= PASSWORD_MAX:
        raise ValueError(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.")
    return unicodedata.normalize("NFC", text)


def claim_id(email: str) -> str:
    """The id of a normalised address's claim: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(email.encode()).hexdigest()
