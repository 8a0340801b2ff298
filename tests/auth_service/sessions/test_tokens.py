"""A refresh token proves that it was issued, and for which session."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest

from auth_service.sessions.model import RefreshToken, Session
from auth_service.sessions.tokens import RefreshTokens
from shared.security.identity import Role

TOKENS = RefreshTokens([b"a key"])
CHANGED = RefreshTokens([b"another key", b"a key"])
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def session(token: RefreshToken, counter: int) -> Session:
    return Session("s1", "u1", Role.CUSTOMER, token.digest, NOW, NOW, NOW, NOW, counter=counter)


def test_what_was_issued_is_read() -> None:
    token = TOKENS.issue("s1", 7)
    assert str(token).startswith("s1.7.")
    assert TOKENS.read(str(token)) == token


def test_each_session_and_each_exchange_has_another_token() -> None:
    tokens = {str(TOKENS.issue(id, counter)) for id in ("s1", "s11") for counter in (0, 1, 11)}
    assert len(tokens) == 6


def test_a_token_is_of_its_session_and_its_key_alone() -> None:
    token = TOKENS.issue("s1", 1)
    assert TOKENS.read(f"s2.{token.secret}") is None
    assert TOKENS.read(str(token).replace(".1.", ".2.")) is None
    assert RefreshTokens([b"another key"]).read(str(token)) is None


def test_a_token_of_the_former_release_is_read() -> None:
    proof = urlsafe_b64encode(hmac.digest(b"a key", b"s1.random-text", hashlib.sha256)).rstrip(b"=").decode()
    token = RefreshToken("s1", f"random-text.{proof}")
    assert TOKENS.read(str(token)) == token
    assert TOKENS.newest(session(token, 0)) is None


def test_a_new_secret_reads_the_tokens_of_the_former_one_and_makes_others() -> None:
    old = TOKENS.issue("s1", 3)
    assert CHANGED.read(str(old)) == old
    assert CHANGED.issue("s1", 3) != old
    assert CHANGED.read(str(CHANGED.issue("s1", 3))) == CHANGED.issue("s1", 3)


@pytest.mark.parametrize("maker", [TOKENS, CHANGED])
def test_the_newest_token_is_made_again_whichever_secret_made_it(maker: RefreshTokens) -> None:
    newest = maker.issue("s1", 3)
    assert CHANGED.newest(session(newest, 3)) == newest


@pytest.mark.parametrize("text", ["", "s1", "s1.", "s1.x", "s1..", "s1.x.y", "s1.x.é", "s1.\ud800.x"])
def test_what_was_never_issued_is_none(text: str) -> None:
    assert TOKENS.read(text) is None
