"""Which passwords are accepted: by their length, by a list of common ones, and by what is known of the user.

There are no rules of composition (NIST SP 800-63B-4, section 3.1.1.2; ASVS 5.0, V6.2).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from auth_service.accounts.common_passwords import is_common
from auth_service.accounts.ports import BreachedPasswords
from shared.errors import FieldError, InvalidInput
from shared.security.identity import Role
from shared.text import fold

PASSWORD_MIN = 8
"""Of a customer's password, in characters (ASVS 5.0, 6.2.1)."""
PRIVILEGED_PASSWORD_MIN = 15
"""Of the password of somebody with rights over the shop (NIST SP 800-63B-4)."""
PASSWORD_MAX = 128
PASSWORD_GIVEN_MAX = 4 * PASSWORD_MAX
"""Before normalisation: a letter may come with three accents as characters of their own."""
WORD_MIN = 4
"""Shorter words of a name or an address are in many good passwords by chance."""

_WORD = re.compile(r"[^\W_]+")

_COMMON = "This password is among the most common. Choose another one, such as a few random words."
_SIMPLE = "This password only repeats or counts. Choose another one, such as a few random words."
_PERSONAL = "A password does not contain your name, your e-mail address or the name of the shop."
_BREACHED = "This password is known from a data breach. Choose one that you use nowhere else."


def given_password(text: str) -> str:
    """The password in NFC, so that two keyboards give the same. Raises ValueError if it is too long to be
    anybody's."""
    password = unicodedata.normalize("NFC", text) if len(text) <= PASSWORD_GIVEN_MAX else None
    if password is None or len(password) > PASSWORD_MAX:
        raise ValueError(f"A password has at most {PASSWORD_MAX} characters.")
    return password


def clean_password(text: str) -> str:
    """The password in NFC. It has 8 to 128 characters of any script then. Raises ValueError."""
    password = unicodedata.normalize("NFC", text) if len(text) <= PASSWORD_GIVEN_MAX else ""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise ValueError(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.")
    return password


def shortest(role: Role) -> int:
    """How many characters a password of this role has at least."""
    return PRIVILEGED_PASSWORD_MIN if is_privileged(role) else PASSWORD_MIN


def is_privileged(role: Role) -> bool:
    """Whether the role has rights over the shop."""
    return role not in (Role.GUEST, Role.CUSTOMER)


class PasswordPolicy:
    """Refuses new passwords that others would guess."""

    def __init__(self, shop_name: str, breached: BreachedPasswords) -> None:
        self._shop_name = shop_name
        self._breached = breached

    async def check(self, pointer: str, password: str, role: Role, *, name: str, email: str) -> None:
        """Checks a password in NFC for the account of this role, name and address. Raises `InvalidInput` that
        points at `pointer`."""
        fault = self.fault(password, role, name=name, email=email)
        if fault is None and await self._breached.contains(password):
            fault = _BREACHED
        if fault is not None:
            raise InvalidInput(fault, errors=[FieldError(pointer, fault)])

    def fault(self, password: str, role: Role, *, name: str, email: str) -> str | None:
        """What is wrong with the password, as far as this process knows; None if nothing."""
        if len(password) < shortest(role):
            return f"The password of an editor or an administrator has at least {shortest(role)} characters."
        folded = fold(password) or password
        if _is_simple(folded):
            return _SIMPLE
        if any(map(is_common, _cores(folded))):
            return _COMMON
        if _contains_any(folded, _personal_words(name, email, self._shop_name)):
            return _PERSONAL
        return None


def _is_simple(text: str) -> bool:
    """Whether it repeats a piece shorter than a word, or counts up or down: `abababab`, `87654321`."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(_piece(text)) < WORD_MIN or (len(steps) == 1 and steps <= {-1, 0, 1})


def _piece(text: str) -> str:
    """The shortest beginning that gives the text by repetition; the last time may be cut off."""
    size = next(size for size in range(1, len(text) + 1) if text.startswith(text[size:]))
    return text[:size]


def _cores(text: str) -> Iterator[str]:
    """The texts that others would guess this one from: itself, what it repeats, and it without the digits and
    signs around it, if it is mostly that."""
    for core in (text, _piece(text)):
        yield core
        letters = core.strip("".join({character for character in core if not character.isalpha()}))
        if 2 * len(letters) >= len(core):
            yield letters


def _personal_words(name: str, email: str, shop_name: str) -> set[str]:
    local = email.partition("@")[0]
    whole = (name, email, local, shop_name)
    parts = (
        word.strip("0123456789") for text in (name, local, shop_name) for word in _WORD.findall(fold(text))
    )
    return {word for word in (*map(_plain, whole), *parts) if len(word) >= WORD_MIN}


def _contains_any(password: str, personal: Iterable[str]) -> bool:
    plain = _plain(password)
    return any(word in text for word in personal for text in (plain, plain[::-1]))


def _plain(text: str) -> str:
    """The letters and digits of the text, folded."""
    return "".join(character for character in fold(text) if character.isalnum())
