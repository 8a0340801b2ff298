"""The clients that get answers in gzip from the gateway, and therefore its tag."""

from __future__ import annotations

import pytest

from shared.http.content_coding import accepts_gzip

FROM_CLIENT = [(b"host", b"shop"), (b"accept-encoding", b"gzip"), (b"x-forwarded-for", b"::1")]
FROM_GATEWAY = [(b"host", b"shop"), (b"x-forwarded-for", b"::1"), (b"accept-encoding", b"gzip")]


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.1", "deflate;q=0, gzip", "gzip; q=1.000"])
def test_gzip_that_is_accepted(accepted: str) -> None:
    assert accepts_gzip([(b"accept-encoding", accepted.encode())])


@pytest.mark.parametrize(
    "accepted", ["", "identity", "br", "gzip;q=0", "gzip ; Q = 0.000", "*", "*;q=0", "x-gzip", "GZIP"]
)
def test_gzip_that_is_not_accepted(accepted: str) -> None:
    assert not accepts_gzip([(b"accept-encoding", accepted.encode())])


def test_gzip_is_accepted_in_any_line_of_the_header() -> None:
    assert accepts_gzip([(b"accept-encoding", b"br"), (b"x", b"y"), (b"accept-encoding", b"gzip")])


def test_gzip_that_the_gateway_asks_for_is_not_the_client_s_wish() -> None:
    assert accepts_gzip(FROM_CLIENT)
    assert not accepts_gzip(FROM_GATEWAY)
    assert not accepts_gzip([(b"accept-encoding", b""), *FROM_GATEWAY])
    assert not accepts_gzip([])
