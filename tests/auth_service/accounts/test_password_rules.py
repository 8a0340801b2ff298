"""Passwords that are accepted, and those that others would guess."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.accounts.breaches import NoBreaches
from auth_service.accounts.common_passwords import common_passwords
from auth_service.accounts.password_rules import PasswordPolicy, clean_password, given_password
from shared.errors import InvalidInput
from shared.security.identity import Role

POLICY = PasswordPolicy("Mug & Spoon", NoBreaches())
ANA = {"name": "Ana Martínez", "email": "ana.lopez84@example.com"}


def fault(password: str, role: Role = Role.CUSTOMER) -> str:
    return POLICY.fault(password, role, **ANA) or ""


@pytest.mark.parametrize(("length", "fits"), [(7, False), (8, True), (128, True), (129, False)])
@pytest.mark.parametrize("character", ["x", "é", "字", "🔑"])
def test_a_password_is_measured_in_characters(length: int, fits: bool, character: str) -> None:
    if fits:
        assert clean_password(character * length) == character * length
    else:
        with pytest.raises(ValueError, match="8 to 128"):
            clean_password(character * length)


@pytest.mark.parametrize(("count", "fits"), [(4, False), (7, False), (8, True), (128, True), (129, False)])
def test_a_password_is_measured_in_its_composed_form(count: int, fits: bool) -> None:
    """Accents of their own count no more on one keyboard than on another."""
    typed = unicodedata.normalize("NFD", "\u1faf" * count)
    assert len(typed) == 4 * count
    if fits:
        assert clean_password(typed) == "\u1faf" * count
        assert given_password(typed) == "\u1faf" * count
    else:
        with pytest.raises(ValueError, match="8 to 128"):
            clean_password(typed)


@pytest.mark.parametrize("text", ["x" * 129, "x" * 54_000, "e" + "\u0301" * 54_000])
def test_a_password_that_is_too_long_is_not_normalised(text: str) -> None:
    for check in (clean_password, given_password):
        with pytest.raises(ValueError, match="128"):
            check(text)


def test_a_short_password_may_be_given() -> None:
    assert given_password("") == ""


def test_spaces_of_a_password_count() -> None:
    assert clean_password("  a  b  ") == "  a  b  "


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery", "qzv7#kd!", "brown otter", "日本語の長い合言葉", "p4-x9-w2", "8264917305"),
        *("x7392847501!", "anabolic kelp", "marine lounge"),
    ],
)
def test_a_good_password_is_accepted(password: str) -> None:
    assert fault(password) == ""


@pytest.mark.parametrize(
    "password",
    [
        *("password", "PASSWORD", "Password1", "password123", "qwertyuiop", "iloveyou", "letmein1"),
        *("1q2w3e4r", "sunshine1", "superman", "football", "princess1", "Summer2026!", "!!dragon!!"),
        *("passwordpassword", "dragondragondragon", "passwordpass", "ｐａｓｓｗｏｒｄ", "pässwörd"),
        *("  password ", "trustno1", "monkey77"),
        *("1234567890123456", "password1234567", "qwertyuiopasdfgh"),
    ],
)
def test_a_common_password_is_refused(password: str) -> None:
    assert "most common" in fault(password) or "repeats" in fault(password)


@pytest.mark.parametrize(
    "password",
    [
        *(" " * 8, "a" * 8, "é" * 12, "🔑" * 20, "abababab", "xyzxyzxyzxy", "12121212", "--------"),
        *("abcdefgh", "hgfedcba", "12345678", "87654321", "abcdefghijklmnopqrstuvwxyz", "ÁÁÁÁÁÁÁÁ"),
    ],
)
def test_a_password_that_repeats_or_counts_is_refused(password: str) -> None:
    assert "repeats or counts" in fault(password)


@pytest.mark.parametrize(
    "password",
    [
        *("ana.lopez84@example.com", "Ana.Lopez84@Example.com", "x ana.lopez84@example.com x"),
        *("ana.lopez84", "analopez84!", "my lopez secret", "Ana Martínez", "anamartinez", "my MARTINEZ-7291"),
        *("zenitram zebra", "zepolana kelp", "mug & spoon", "my mugspoon 71", "silver spoon 9"),
    ],
)
def test_a_password_with_something_known_of_the_user_is_refused(password: str) -> None:
    assert "your name" in fault(password)


def test_letters_within_an_identifier_are_no_words() -> None:
    email = "01a223fade61b@example.com"
    assert POLICY.fault("a fade of 7 kelps", Role.CUSTOMER, name="Ana", email=email) is None
    assert POLICY.fault("my 01a223fade61b", Role.CUSTOMER, name="Ana", email=email) is not None


def test_a_user_without_words_may_have_any_password() -> None:
    assert POLICY.fault("anabolic kelp", Role.CUSTOMER, name="Ana", email="a@b.de") is None


@pytest.mark.parametrize(("length", "is_long"), [(14, False), (15, True)])
def test_administrators_have_longer_passwords(length: int, is_long: bool) -> None:
    password = "qzv7#kd!wp0m)e4r"[:length]
    assert fault(password) == ""
    assert ("at least 15" in fault(password, Role.ADMIN)) is not is_long


def test_the_list_is_long() -> None:
    listed = common_passwords()
    assert len(listed) > 60_000
    assert sum(len(password) >= 8 for password in listed) > 40_000
    assert all(password == unicodedata.normalize("NFC", password).lower() for password in listed)


class Breached:
    """Knows one password."""

    async def contains(self, password: str) -> bool:
        return password == "breached otter"

    async def close(self) -> None: ...


async def test_a_refusal_points_at_the_field() -> None:
    policy = PasswordPolicy("Trolley", Breached())
    await policy.check("/password", "brown otter", Role.CUSTOMER, **ANA)
    for password, said in (("password", "most common"), ("breached otter", "data breach")):
        with pytest.raises(InvalidInput) as refused:
            await policy.check("/new_password", password, Role.CUSTOMER, **ANA)
        error = refused.value.errors[0]
        assert error.pointer == "/new_password"
        assert said in error.message


@given(st.text(min_size=1, max_size=128), st.text(max_size=100), st.text(max_size=100))
def test_any_password_is_judged(password: str, name: str, local: str) -> None:
    said = POLICY.fault(password, Role.CUSTOMER, name=name, email=f"{local}@example.com")
    assert said is None or said.endswith(".")
