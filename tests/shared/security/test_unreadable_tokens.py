"""Texts that are not tokens."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from tests.shared.security.test_verifier import Bench, bench

__all__ = ["bench"]


@pytest.mark.parametrize(
    "header",
    [
        b'["' * 990,
        b"[" * 1400,
        b'{"a":' * 500,
        b"1" * 3000,
        b'{"alg":"ES256","kid":' + b"[" * 1400,
        b"\xff",
        b"",
    ],
)
@pytest.mark.parametrize("claims", ["e30", "", "W1tb" * 400])
def test_whatever_cannot_be_read_is_refused(bench: Bench, header: bytes, claims: str) -> None:
    encoded = urlsafe_b64encode(header).rstrip(b"=").decode()
    assert bench.refused(f"{encoded}.{claims}.AAAA")


def test_a_token_is_measured_before_it_is_looked_up(bench: Bench) -> None:
    assert bench.refused("x" * 4097) == "The access token is too long. Sign in to get another one."
