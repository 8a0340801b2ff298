"""Sessions and refresh tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth_service.sessions.model import RefreshToken, Rotation, Session, SessionLives
from shared.security.identity import Role

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIVES = SessionLives(
    idle=timedelta(days=30),
    absolute=timedelta(days=180),
    admin=timedelta(hours=12),
    grace=timedelta(seconds=30),
)
END = NOW + LIVES.absolute
FIRST, SECOND, THIRD = (RefreshToken("s1", secret) for secret in ("one", "two", "three"))
SESSION = Session("s1", "u1", Role.CUSTOMER, FIRST.digest, NOW, NOW, NOW + LIVES.idle, NOW, "a browser")


def exchanged(
    session: Session, token: RefreshToken, successor: RefreshToken, now: datetime, end: datetime = END
) -> tuple[Session, Rotation]:
    return session.exchange(token, successor, now, end, LIVES)


def test_a_refresh_token_reads_as_it_was_written() -> None:
    assert RefreshToken.parse(str(FIRST)) == FIRST


@pytest.mark.parametrize("text", ["", "s1", "s1.", ".one", "s 1.one", "é.one", "s1.é", "x" * 65 + ".one"])
def test_what_is_no_refresh_token_is_none(text: str) -> None:
    assert RefreshToken.parse(text) is None


def test_the_newest_token_is_exchanged_and_the_session_lives_on() -> None:
    later = NOW + timedelta(days=29)
    renewed, rotation = exchanged(SESSION, FIRST, SECOND, later)
    assert rotation is Rotation.ROTATED
    assert (renewed.refresh_digest, renewed.refreshed_at) == (SECOND.digest, later)
    assert (renewed.counter, renewed.authenticated_at) == (1, NOW)
    assert renewed.expires_at == later + LIVES.idle
    assert renewed.alive(NOW + timedelta(days=40))


def test_the_token_before_the_newest_changes_nothing_for_half_a_minute() -> None:
    renewed, _ = exchanged(SESSION, FIRST, SECOND, NOW)
    for seconds in (0, 1, 30):
        again = exchanged(renewed, FIRST, THIRD, NOW + timedelta(seconds=seconds))
        assert again == (renewed, Rotation.REPEATED)


def test_the_token_before_the_newest_ends_the_session_later() -> None:
    renewed, _ = exchanged(SESSION, FIRST, SECOND, NOW)
    ended, rotation = exchanged(renewed, FIRST, THIRD, NOW + timedelta(seconds=30, milliseconds=1))
    assert rotation is Rotation.REUSED
    assert not ended.alive(NOW)
    assert exchanged(ended, SECOND, THIRD, NOW) == (ended, Rotation.ENDED)


def test_a_token_two_generations_old_ends_the_session_at_once() -> None:
    renewed, _ = exchanged(SESSION, FIRST, SECOND, NOW)
    twice, _ = exchanged(renewed, SECOND, THIRD, NOW)
    assert exchanged(twice, FIRST, THIRD, NOW)[1] is Rotation.REUSED
    assert exchanged(twice, SECOND, THIRD, NOW)[1] is Rotation.REPEATED


def test_an_ended_session_takes_no_predecessor() -> None:
    renewed, _ = exchanged(SESSION, FIRST, SECOND, NOW)
    ended = renewed.end(NOW)
    assert exchanged(ended, FIRST, THIRD, NOW) == (ended, Rotation.ENDED)


def test_an_expired_session_is_not_refreshed() -> None:
    assert exchanged(SESSION, FIRST, SECOND, NOW + LIVES.idle) == (SESSION, Rotation.ENDED)


def test_no_refresh_postpones_the_last_end() -> None:
    end = NOW + timedelta(days=1)
    renewed, rotation = exchanged(SESSION, FIRST, SECOND, NOW, end)
    assert (rotation, renewed.expires_at) == (Rotation.ROTATED, end)
    assert exchanged(renewed, SECOND, THIRD, end) == (renewed, Rotation.ENDED)
    # The end comes nearer when the user becomes an administrator.
    assert exchanged(SESSION, FIRST, SECOND, end, end) == (SESSION, Rotation.ENDED)


@pytest.mark.parametrize(
    ("roles", "life"),
    [
        ([Role.CUSTOMER, Role.CUSTOMER], LIVES.absolute),
        ([Role.GUEST, Role.GUEST], LIVES.absolute),
        ([Role.ADMIN, Role.ADMIN], LIVES.admin),
        ([Role.ADMIN, Role.CUSTOMER], LIVES.admin),
        ([Role.CUSTOMER, Role.ADMIN], LIVES.admin),
    ],
)
def test_administrators_sign_in_again_each_day(roles: list[Role], life: timedelta) -> None:
    assert LIVES.ends_at(NOW, *roles) == NOW + life


def test_administrators_never_stay_longer_than_others() -> None:
    assert replace(LIVES, absolute=timedelta(hours=1)).ends_at(NOW, Role.ADMIN) == NOW + timedelta(hours=1)


def test_a_session_ends_once() -> None:
    ended = SESSION.end(NOW)
    assert ended.end(NOW + LIVES.idle).ended_at == NOW


def test_an_ended_session_keeps_no_token_and_no_device() -> None:
    renewed, _ = exchanged(SESSION, FIRST, SECOND, NOW)
    ended = renewed.end(NOW)
    assert (ended.refresh_digest, ended.previous_digest, ended.user_agent) == ("", "", "")
    assert ended.expires_at == NOW


def test_every_change_of_a_session_has_the_next_version() -> None:
    renewed, _ = exchanged(SESSION, FIRST, SECOND, NOW)
    reused, _ = exchanged(renewed, THIRD, THIRD, NOW)
    assert [renewed.version, renewed.end(NOW).version, reused.version] == [2, 3, 3]


def test_a_guest_is_known_by_the_role() -> None:
    assert replace(SESSION, role=Role.GUEST).is_guest
    assert not SESSION.is_guest
