"""Who may get an answer in gzip, and therefore its tag."""

from __future__ import annotations

import pytest

from shared.http.content_coding import can_be_gzipped


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.1", "*", "deflate;q=0, gzip", "gzip; q=1.000"])
def test_gzip_that_is_accepted(accepted: str) -> None:
    assert can_be_gzipped(accepted.encode())


@pytest.mark.parametrize(
    "accepted", ["", "identity", "br", "gzip;q=0", "gzip ; Q = 0.000", "*;q=0", "x-gzip"]
)
def test_gzip_that_is_not_accepted(accepted: str) -> None:
    assert not can_be_gzipped(accepted.encode())
