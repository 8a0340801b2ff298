"""Accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth_service.accounts.errors import AccountNotFound
from auth_service.accounts.model import EmailClaim, User, existing, guest, is_live
from auth_service.accounts.store import UserCodec
from shared.security.identity import Role

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
USER = User("u1", "Ana", "ana@example.com", "hash", Role.CUSTOMER, NOW, NOW, sessions=("a", "b", "c"))


def test_a_change_has_the_next_version_and_its_time() -> None:
    renamed = USER.renamed("Ana María", LATER)
    assert (renamed.name, renamed.version, renamed.updated_at) == ("Ana María", 2, LATER)
    assert USER.version == 1


def test_signing_in_ends_the_oldest_beyond_the_limit() -> None:
    user, ended = USER.signed_in("d", 4, LATER)
    assert (user.sessions, ended) == (("a", "b", "c", "d"), ())
    user, ended = user.signed_in("e", 2, LATER)
    assert (user.sessions, ended) == (("d", "e"), ("a", "b", "c"))


def test_signing_out_can_keep_one() -> None:
    assert USER.signed_out(LATER)[1] == ("a", "b", "c")
    user, ended = USER.signed_out(LATER, keep="b")
    assert (user.sessions, ended) == (("b",), ("a", "c"))
    assert USER.without_session("b", LATER).sessions == ("a", "c")


def test_a_new_password_is_told_from_a_new_hash_of_the_old_one() -> None:
    assert USER.rehashed("new").credentials_version == 1
    changed = USER.with_password("new", LATER)
    assert (changed.password_hash, changed.credentials_version) == ("new", 2)


def test_an_account_forgets_the_devices_from_before_its_present_credentials() -> None:
    claimed = USER.without_password(LATER).without_devices(LATER)
    assert (USER.devices_from, claimed.devices_from, claimed.credentials_version) == (0, 2, 2)


def test_an_account_of_the_former_release_knows_its_devices() -> None:
    document = UserCodec().to_document(replace(USER, devices_from=2))
    assert UserCodec().from_document("u1", document).devices_from == 2
    del document["devices_from"]
    assert UserCodec().from_document("u1", document) == USER


def test_access_is_role_and_permission() -> None:
    changed = USER.with_access(Role.ADMIN, True, LATER)
    assert (changed.role, changed.disabled) == (Role.ADMIN, True)


def test_nothing_personal_is_left_of_a_deleted_account() -> None:
    erased = USER.erased(LATER)
    assert (erased.name, erased.email, erased.password_hash, erased.sessions) == ("", "", "", ())
    assert not is_live(erased)
    with pytest.raises(AccountNotFound):
        existing(erased)


def test_an_account_that_never_was_is_not_found() -> None:
    assert not is_live(None)
    with pytest.raises(AccountNotFound):
        existing(None)
    assert existing(USER) is USER


def test_a_guest_has_no_address() -> None:
    assert replace(guest("g1", NOW), name="") == User("g1", "", "", "", Role.GUEST, NOW, NOW)


@pytest.mark.parametrize(
    ("seconds", "confirmed", "is_over"),
    [(0, False, False), (29.999, False, False), (30, False, True), (0, True, True)],
)
def test_a_registration_is_over_once_it_is_confirmed_or_took_too_long(
    seconds: float, confirmed: bool, is_over: bool
) -> None:
    unconfirmed = EmailClaim("u1", NOW)
    claim = unconfirmed.confirm() if confirmed else unconfirmed
    assert claim.registration_is_over(NOW + timedelta(seconds=seconds)) is is_over
