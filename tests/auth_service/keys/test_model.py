"""Signing keys and their succession."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auth_service.keys.model import SigningKey, SigningKeyring

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEAD, OVERLAP = timedelta(minutes=1), timedelta(minutes=10)


def key(kid: str, active_from: datetime = NOW) -> SigningKey:
    return SigningKey(kid, f"sealed {kid}", {"kid": kid}, active_from)


def kids(ring: SigningKeyring) -> list[str]:
    return [key.kid for key in ring.keys]


def test_the_first_key_signs_at_once() -> None:
    ring = SigningKeyring(()).rotated(key("a"), NOW, LEAD, OVERLAP)
    assert ring.active(NOW).kid == "a"


def test_a_new_key_signs_once_everybody_knows_it() -> None:
    ring = SigningKeyring((key("a"),)).rotated(key("b"), NOW, LEAD, OVERLAP)
    assert kids(ring) == ["a", "b"]
    assert ring.active(NOW + LEAD - timedelta(seconds=1)).kid == "a"
    assert ring.active(NOW + LEAD).kid == "b"


def test_the_last_key_stays_until_its_tokens_have_expired() -> None:
    ring = SigningKeyring((key("a"),)).rotated(key("b"), NOW, LEAD, OVERLAP)
    assert kids(ring.pruned(NOW + LEAD + OVERLAP - timedelta(seconds=1), OVERLAP)) == ["a", "b"]
    assert kids(ring.pruned(NOW + LEAD + OVERLAP, OVERLAP)) == ["b"]


def test_rotating_twice_in_a_row_keeps_the_order() -> None:
    ring = SigningKeyring((key("a"),)).rotated(key("b"), NOW, 10 * LEAD, OVERLAP)
    ring = ring.rotated(key("c"), NOW, LEAD, OVERLAP)
    assert [key.active_from for key in ring.keys[1:]] == [NOW + 10 * LEAD] * 2
    assert ring.active(NOW + 10 * LEAD).kid == "c"


def test_rotating_forgets_what_nobody_needs() -> None:
    ring = SigningKeyring((key("a"),)).rotated(key("b"), NOW, LEAD, OVERLAP)
    assert kids(ring.rotated(key("c"), NOW + LEAD + OVERLAP, LEAD, OVERLAP)) == ["b", "c"]


def test_a_clock_behind_the_first_key_signs_with_it_all_the_same() -> None:
    assert SigningKeyring((key("a"),)).active(NOW - LEAD).kid == "a"
