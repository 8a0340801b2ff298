"""Sessions and refresh tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth_service.sessions.model import RefreshToken, Rotation, Session
from shared.security.identity import Role

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIFE = timedelta(days=30)
FIRST, SECOND, THIRD = (RefreshToken("s1", secret) for secret in ("one", "two", "three"))
SESSION = Session("s1", "u1", Role.CUSTOMER, FIRST.digest, NOW, NOW, NOW + LIFE)


def test_a_refresh_token_reads_as_it_was_written() -> None:
    assert RefreshToken.parse(str(FIRST)) == FIRST


@pytest.mark.parametrize("text", ["", "s1", "s1.", ".one", "s 1.one", "é.one", "s1.é", "x" * 65 + ".one"])
def test_what_is_no_refresh_token_is_none(text: str) -> None:
    assert RefreshToken.parse(text) is None


def test_the_newest_token_is_exchanged_and_the_session_lives_on() -> None:
    later = NOW + timedelta(days=29)
    renewed, rotation = SESSION.rotate(FIRST, SECOND, later, LIFE)
    assert rotation is Rotation.ROTATED
    assert (renewed.refresh_digest, renewed.refreshed_at) == (SECOND.digest, later)
    assert renewed.expires_at == later + LIFE
    assert renewed.alive(NOW + timedelta(days=40))


def test_a_spent_token_ends_the_session_for_its_successor_too() -> None:
    renewed, _ = SESSION.rotate(FIRST, SECOND, NOW, LIFE)
    ended, rotation = renewed.rotate(FIRST, THIRD, NOW, LIFE)
    assert rotation is Rotation.REUSED
    assert not ended.alive(NOW)
    assert ended.rotate(SECOND, THIRD, NOW, LIFE) == (ended, Rotation.ENDED)


def test_an_expired_session_is_not_refreshed() -> None:
    assert SESSION.rotate(FIRST, SECOND, NOW + LIFE, LIFE) == (SESSION, Rotation.ENDED)


def test_a_session_ends_once() -> None:
    ended = SESSION.end(NOW)
    assert ended.end(NOW + LIFE).ended_at == NOW
    assert ended.refresh_digest == ""


def test_every_change_of_a_session_has_the_next_version() -> None:
    renewed, _ = SESSION.rotate(FIRST, SECOND, NOW, LIFE)
    reused, _ = renewed.rotate(FIRST, THIRD, NOW, LIFE)
    assert [renewed.version, renewed.end(NOW).version, reused.version] == [2, 3, 3]


def test_a_guest_is_known_by_the_role() -> None:
    assert replace(SESSION, role=Role.GUEST).is_guest
    assert not SESSION.is_guest
