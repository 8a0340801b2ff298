"""E-mail addresses, and the one form in which an address is stored and compared."""

from __future__ import annotations

import hashlib
import unicodedata

from email_validator import EmailNotValidError, validate_email

from auth_service.accounts.characters import has_invisible, is_crowded

EMAIL_MAX = 254
"""Of the text as it is given, and of the address in UTF-8 (RFC 5321, 4.5.3.1.3)."""

_EXAMPLE = "An e-mail address looks like name@example.com."
_INVISIBLE = "An e-mail address has no invisible characters. Type it again: name@example.com."
_LOOK_ALIKE = "Write the part before the @ in plain letters that run in one direction: name@example.com."
_WIDE_AT = "\uff20"
"""The `@` of Chinese and Japanese keyboards."""
_WITH_COMPATIBILITY_FORMS = frozenset("\u0e33\u0eb3")
"""Vowels of Thai and Lao that everybody types as one character."""


def normalise_email(text: str) -> str:
    """The form in which an address is stored and compared.

    The domain is in the U-labels of IDNA 2008, so `d@münchen.example` and `d@xn--mnchen-3ya.example` are one
    address, and `faß.de` and `fass.de` are two. The part before the `@` is in lower case and in NFC. RFC 5321
    allows it to differ by case, but no provider in use does. Letters are not folded further: `groß` and
    `gross` are two mailboxes. Any script is accepted (RFC 6531).

    Quoted local parts, address literals and domains that receive no mail (RFC 6761, except `.test`) are
    refused. So is what makes look-alikes (RFC 8265): invisible characters, compatibility forms, and two
    directions of writing before the `@`.

    Raises ValueError.
    """
    given = text.strip() if len(text) <= EMAIL_MAX else ""
    if not given:
        raise ValueError(_EXAMPLE)
    if has_invisible(given):
        raise ValueError(_INVISIBLE)
    local, at, domain = given.replace(_WIDE_AT, "@").rpartition("@")
    local = _lower(local)
    if is_crowded(local) or is_crowded(domain):
        raise ValueError(_EXAMPLE)
    if any(map(_is_compatibility_form, local)) or _has_both_directions(local):
        raise ValueError(_LOOK_ALIKE)
    return _validated(f"{local}{at}{domain}")


def _lower(local: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).lower())


def _is_compatibility_form(character: str) -> bool:
    plain = unicodedata.normalize("NFKC", character)
    return plain != unicodedata.normalize("NFC", character) and character not in _WITH_COMPATIBILITY_FORMS


def _has_both_directions(local: str) -> bool:
    """Whether it has letters that are read to the left and letters that are read to the right. Then its parts
    are shown in another order (RFC 5893)."""
    directions = {unicodedata.bidirectional(character) for character in local}
    return "L" in directions and bool(directions & {"R", "AL"})


def _validated(email: str) -> str:
    try:
        # With `test_environment` the reserved domain `.test` is accepted, for trials of a shop.
        checked = validate_email(email, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(_EXAMPLE) from error
    if "." not in checked.domain:
        raise ValueError(_EXAMPLE)
    return checked.normalized


def email_or_none(text: str) -> str | None:
    """The normal form of an address, or None for a text that is not one."""
    try:
        return normalise_email(text)
    except ValueError:
        return None


def claim_id(email: str) -> str:
    """The id of a normalised address's claim: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(email.encode()).hexdigest()
