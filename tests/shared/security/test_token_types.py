"""Only access tokens (RFC 9068) count, not other tokens that the same keys sign."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from jose import jwk

from tests.shared.security.bench import Bench, segment
from tests.support.tokens import TokenIssuer


@pytest.fixture
def bench() -> Bench:
    return Bench()


def with_header(bench: Bench, header: dict[str, Any]) -> str:
    """A token with a good signature over this header and good claims."""
    claims = bench.issuer.token().split(".")[1]
    signed = f"{segment(header)}.{claims}"
    key = jwk.construct(bench.issuer.private_pem, "ES256")
    return f"{signed}.{urlsafe_b64encode(key.sign(signed.encode())).rstrip(b'=').decode()}"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_type_of_an_access_token_has_four_spellings(bench: Bench, typ: str) -> None:
    assert bench.verifier.verify(bench.issuer.token("ada", typ=typ)).user_id == "ada"


OTHER_TYPES = [
    *("JWT", "jwt", "id_token", "id+jwt", "logout+jwt", "dpop+jwt", "rt+jwt", ""),
    *(" at+jwt", "at+jwt ", "at jwt"),
    *("application/jwt", "application/application/at+jwt", "application/", "text/at+jwt", "xat+jwt"),
    *(None, True, 1, ["at+jwt"], {"at+jwt": 1}),
]


@pytest.mark.parametrize("typ", OTHER_TYPES)
def test_another_token_of_the_same_key_is_no_access_token(bench: Bench, typ: Any) -> None:
    assert "typ" in bench.refused(bench.issuer.token(typ=typ))


def test_a_token_without_a_type_is_no_access_token(bench: Bench) -> None:
    assert "typ" in bench.refused(with_header(bench, {"alg": "ES256", "kid": bench.issuer.kid}))


def test_extensions_that_must_be_understood_are_refused(bench: Bench) -> None:
    header = {"alg": "ES256", "kid": bench.issuer.kid, "typ": "at+jwt"}
    bench.verifier.verify(with_header(bench, header))
    assert "crit" in bench.refused(with_header(bench, {**header, "crit": ["b64"], "b64": False}))
    assert "crit" in bench.refused(with_header(bench, {**header, "crit": []}))


def test_a_key_in_the_header_is_not_used(bench: Bench) -> None:
    forger = TokenIssuer(bench.clock)
    header = {"alg": "ES256", "kid": forger.kid, "typ": "at+jwt", "jwk": forger.public_jwk}
    assert "key" in bench.refused(with_header(bench, header))
