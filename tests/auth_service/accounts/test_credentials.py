"""The checked input for an account."""

from __future__ import annotations

import unicodedata

import pytest

from auth_service.accounts.credentials import checked, clean_name, clean_password, new_account
from shared.errors import InvalidInput


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
