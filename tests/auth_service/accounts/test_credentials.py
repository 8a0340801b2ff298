"""The checked input for an account."""

from __future__ import annotations

import pytest

from auth_service.accounts.credentials import checked, new_account
from auth_service.accounts.names import clean_name
from shared.errors import InvalidInput


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
