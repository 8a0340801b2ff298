"""Names, e-mail addresses and passwords in their kept forms."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from auth_service.accounts.credentials import (
    checked,
    claim_id,
    clean_name,
    clean_password,
    new_account,
    normalise_email,
)
from shared.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ana@Example.COM", "ana@example.com"),
        ("  ana@example.com\t", "ana@example.com"),
        ("\u00a0ana@example.com", "ana@example.com"),
        ("STRASSE@example.com", "strasse@example.com"),
        ("stra\u00dfe@example.com", "strasse@example.com"),
        ("ana\uff20example.com", "ana@example.com"),
        ("jose\u0301@ejemplo.es", "jos\u00e9@ejemplo.es"),
        ("用户@例子.中国", "用户@例子.中国"),
        ("a.b+c_d-e@x-y.example", "a.b+c_d-e@x-y.example"),
    ],
)
def test_an_address_has_one_form(given: str, kept: str) -> None:
    assert normalise_email(given) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "@example.com",
        "ana@",
        "ana@example",
        "ana@-example.com",
        "ana@example-.com",
        "ana@exam_ple.com",
        "ana@example..com",
        ".ana@example.com",
        "ana.@example.com",
        "a..b@example.com",
        "a b@example.com",
        "a@b@example.com",
        '"a"@example.com',
        "ana\u0000@example.com",
        "x" * 65 + "@example.com",
        "ana@" + "x" * 64 + ".com",
        "ana@" + ".".join(["x" * 60] * 5),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        normalise_email(text)


def address_of(length: int) -> str:
    """An address that is only wrong by its length, if at all."""
    labels = ".".join(["x" * 60] * 3)
    address = f"{'a' * (length - len(labels) - 9)}@{labels}.example"
    assert len(address) == length
    return address


def test_an_address_has_254_characters_at_most() -> None:
    """RFC 5321, 4.5.3.1.3, with the brackets taken off."""
    assert normalise_email(address_of(254)) == address_of(254)
    with pytest.raises(ValueError, match="looks like"):
        normalise_email(address_of(255))


WORDS = st.text(st.characters(categories=("Lu", "Ll", "Lt", "Lo", "Nd")), min_size=1, max_size=10)


@given(WORDS, WORDS)
def test_normalising_twice_is_normalising_once(local: str, domain: str) -> None:
    try:
        once = normalise_email(f"{local}@{domain}.example")
    except ValueError:  # some letters become several that are none: "ﷺ"
        assume(False)
    assert normalise_email(once) == once


@given(st.emails())
def test_case_never_makes_another_address(email: str) -> None:
    try:
        kept = normalise_email(email)
    except ValueError:
        assume(False)
    assert normalise_email(email.swapcase()) == kept
    assert claim_id(kept) == claim_id(normalise_email(email.upper()))


@pytest.mark.parametrize(("length", "fits"), [(7, False), (8, True), (128, True), (129, False)])
@pytest.mark.parametrize("character", ["x", "é", "字", "🔑"])
def test_a_password_is_measured_in_characters(length: int, fits: bool, character: str) -> None:
    if fits:
        assert clean_password(character * length) == character * length
    else:
        with pytest.raises(ValueError, match="8 to 128"):
            clean_password(character * length)


def test_a_password_is_measured_as_it_is_given() -> None:
    typed = unicodedata.normalize("NFD", "é" * 64)
    assert len(typed) == 128
    assert clean_password(typed) == "é" * 64
    with pytest.raises(ValueError, match="8 to 128"):
        clean_password(typed + "x")


def test_spaces_of_a_password_count() -> None:
    assert clean_password("  a  b  ") == "  a  b  "


def test_a_name_is_trimmed_and_composed() -> None:
    assert clean_name(" Jose\u0301 ") == "José"
    assert clean_name("x" * 100) == "x" * 100
    assert clean_name("👩\u200d🍳") == "👩\u200d🍳"


@pytest.mark.parametrize("text", ["", " ", "x" * 101, "a\nb", "a\u2028b", "a\u0000"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        clean_name(text + "x" if text.endswith("\u0000") else text)


def test_an_account_names_every_bad_field_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        new_account("", "no", "short")
    assert [error.pointer for error in refused.value.errors] == ["/name", "/email", "/password"]


def test_an_account_holds_the_kept_forms() -> None:
    account = new_account(" Ana ", "ANA@example.com", "cafe\u0301 cafe\u0301")
    assert (account.name, account.email, account.password) == ("Ana", "ana@example.com", "café café")


def test_one_value_is_checked_alone() -> None:
    assert checked("/name", clean_name, " Ana ") == "Ana"
    with pytest.raises(InvalidInput) as refused:
        checked("/name", clean_name, "")
    assert [error.pointer for error in refused.value.errors] == ["/name"]
