"""A refresh token proves that it was issued, and for which session."""

from __future__ import annotations

import pytest

from auth_service.sessions.tokens import RefreshTokens

TOKENS = RefreshTokens(b"a key")


def test_what_was_issued_is_read() -> None:
    token = TOKENS.issue("s1")
    assert TOKENS.read(str(token)) == token
    assert TOKENS.issue("s1") != token


def test_a_token_is_of_its_session_and_its_key_alone() -> None:
    token = TOKENS.issue("s1")
    assert TOKENS.read(f"s2.{token.secret}") is None
    assert RefreshTokens(b"another key").read(str(token)) is None


@pytest.mark.parametrize("text", ["", "s1", "s1.", "s1.x", "s1..", "s1.x.y", "s1.x.é", "s1.\ud800.x"])
def test_what_was_never_issued_is_none(text: str) -> None:
    assert TOKENS.read(text) is None
