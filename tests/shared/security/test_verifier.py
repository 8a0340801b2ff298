"""Valid tokens give an identity; the others are refused with the reason."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose import jwt

from shared.errors import NotAuthenticated
from shared.events.ports import Entry
from shared.security.identity import Role, Scope
from tests.shared.security.bench import START, Bench, segment
from tests.support.tokens import TokenIssuer


@pytest.fixture
def bench() -> Bench:
    return Bench()


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def with_spare_bit(part: str) -> str:
    """The same bytes: the last character of a signature has four bits that stand for nothing."""
    return part[:-1] + ALPHABET[ALPHABET.index(part[-1]) + 1]


@pytest.mark.parametrize("end", ["=", "==", "=====", " ", "\n", "!", "%3D", "+/", "\u00e9"])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_only_the_characters_of_base64url_are_read(bench: Bench, part: int, end: str) -> None:
    parts = bench.issuer.token("ada").split(".")
    parts[part] += end
    bench.refused(".".join(parts))


def test_a_token_has_one_spelling(bench: Bench) -> None:
    header, claims, signature = bench.issuer.token("ada").split(".")
    assert bench.verifier.verify(f"{header}.{claims}.{signature}").user_id == "ada"
    bench.refused(f"{header}.{claims}.{with_spare_bit(signature)}")


def test_a_good_token_tells_who_it_is(bench: Bench) -> None:
    identity = bench.verifier.verify(bench.issuer.token("ada", Role.ADMIN, session_id="s9"))
    assert (identity.user_id, identity.session_id, identity.role) == ("ada", "s9", Role.ADMIN)
    assert identity.scopes == frozenset(Scope)
    assert identity.expires_at == START + timedelta(seconds=600)


def test_scopes_that_nobody_knows_grant_nothing(bench: Bench) -> None:
    token = bench.issuer.token(scopes=["catalog:write", "world:rule"])
    assert bench.verifier.verify(token).scopes == {Scope.CATALOG_WRITE}


def test_it_is_the_same_identity_every_time(bench: Bench) -> None:
    token = bench.issuer.token()
    assert bench.verifier.verify(token) is bench.verifier.verify(token)


def test_it_expires_to_the_second_also_when_it_was_seen_before(bench: Bench) -> None:
    token = bench.issuer.token(expires_in=60)
    bench.verifier.verify(token)
    bench.clock.move(seconds=59.9)
    bench.verifier.verify(token)
    bench.clock.move(seconds=0.1)
    assert "expired" in bench.refused(token)
    assert "expired" in bench.refused(token)


def test_an_ended_session_is_refused_at_once(bench: Bench) -> None:
    token, other = bench.issuer.token(session_id="s1"), bench.issuer.token(session_id="s2")
    bench.verifier.verify(token)
    bench.revocations.apply(Entry("s1", 1, b'{"revoked_at": "2026-01-01T12:00:00.000Z"}'))
    assert "ended" in bench.refused(token)
    bench.verifier.verify(other)


def test_a_token_of_a_removed_key_is_refused_at_once(bench: Bench) -> None:
    token = bench.issuer.token()
    bench.verifier.verify(token)
    bench.remove_key(bench.issuer)
    assert "key" in bench.refused(token)


def test_both_keys_count_while_they_rotate(bench: Bench) -> None:
    newer = TokenIssuer(bench.clock)
    bench.add_key(newer)
    bench.verifier.verify(bench.issuer.token())
    bench.verifier.verify(newer.token())


def test_a_token_signed_by_somebody_else_under_our_key_id(bench: Bench) -> None:
    forger = TokenIssuer(bench.clock)
    forger.kid = bench.issuer.kid
    assert "signature" in bench.refused(forger.token())


def test_an_unknown_key(bench: Bench) -> None:
    assert "key" in bench.refused(TokenIssuer(bench.clock).token())


def test_claims_changed_after_signing(bench: Bench) -> None:
    header, claims, signature = bench.issuer.token().split(".")
    changed = segment({"sub": "eve", "sid": "s", "exp": 9999999999})
    assert "signature" in bench.refused(f"{header}.{changed}.{signature}")
    assert "signature" in bench.refused(f"{header}.{claims}.{signature[::-1]}")
    assert "signature" in bench.refused(f"{header}.{claims}.")


def test_a_token_without_a_signature(bench: Bench) -> None:
    claims = bench.issuer.token().split(".")[1]
    unsigned = segment({"alg": "none", "typ": "JWT", "kid": bench.issuer.kid})
    assert "ES256" in bench.refused(f"{unsigned}.{claims}.")


def test_the_public_key_is_no_shared_secret(bench: Bench) -> None:
    """The classic confusion: HS256 with the public key, which everybody has, as the secret."""
    claims = {"iss": "trolley", "aud": "trolley", "sub": "eve", "sid": "s", "exp": 9999999999}
    secret = orjson.dumps(bench.issuer.public_jwk).decode()
    forged = jwt.encode(claims, secret, algorithm="HS256", headers={"kid": bench.issuer.kid})
    assert "ES256" in bench.refused(forged)


CLAIMS = [
    *("iss", "exp", "aud", "sub", "client_id", "iat", "jti", "auth_time", "scope"),  # RFC 9068, section 2.2
    *("sid", "role"),
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_claim_is_named(bench: Bench, claim: str) -> None:
    assert claim in bench.refused(bench.token_with({claim: None}))


@pytest.mark.parametrize("value", [7, True, [], {}, ["trolley", 7][1:]])
@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "client_id", "jti", "scope", "sid", "role"])
def test_a_claim_that_is_no_text_is_named(bench: Bench, claim: str, value: Any) -> None:
    assert claim in bench.refused(bench.token_with({claim: value}))


@pytest.mark.parametrize("value", ["1767268800", "2026-01-01T12:00:00Z", True, [], {}, 1e300])
@pytest.mark.parametrize("claim", ["exp", "iat", "auth_time", "nbf"])
def test_a_claim_that_is_no_time_is_named(bench: Bench, claim: str, value: Any) -> None:
    assert claim in bench.refused(bench.token_with({claim: value}))


def test_when_the_user_signed_in_is_known(bench: Bench) -> None:
    signed_in_at = START - timedelta(hours=3)
    token = bench.issuer.token(auth_time=int(signed_in_at.timestamp()))
    assert bench.verifier.verify(token).authenticated_at == signed_in_at


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "elsewhere"}, "iss"),
        ({"aud": "elsewhere"}, "aud"),
        ({"aud": ["elsewhere"]}, "aud"),
        ({"aud": {"trolley": 1}}, "aud"),
        ({"role": "emperor"}, "role"),
        ({"sub": ""}, "sub"),
        ({"sid": ""}, "sid"),
        ({"client_id": ""}, "client_id"),
        ({"jti": ""}, "jti"),
        ({"sub": 7}, "sub"),
        ({"scope": ["catalog:write"]}, "scope"),
        ({"exp": True}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"exp": 0}, "expired"),
        ({"iat": START.timestamp() + 60}, "not valid yet"),
        ({"nbf": START.timestamp() + 60}, "not valid yet"),
        ({"nbf": "soon"}, "not valid yet"),
        ({"auth_time": START.timestamp() + 60}, "not valid yet"),
    ],
)
def test_a_wrong_claim_is_named(bench: Bench, claims: dict[str, Any], reason: str) -> None:
    assert reason in bench.refused(bench.token_with(claims))


def test_one_of_several_audiences(bench: Bench) -> None:
    bench.verifier.verify(bench.issuer.token(aud=["elsewhere", "trolley"]))


def test_the_clock_of_the_issuer_may_be_a_little_ahead(bench: Bench) -> None:
    bench.verifier.verify(bench.issuer.token(iat=int(START.timestamp()) + 4))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "x" * 5000,
        f"{segment([])}.{segment({})}.",
        f"{segment('text')}.{segment({})}.",
        f"{segment({'alg': 'ES256'})}.{segment({})}.",
        f"{segment({'alg': 'ES256', 'kid': 7})}.{segment({})}.",
        f"{segment({'alg': ['ES256'], 'kid': 'k'})}.{segment({})}.",
    ],
)
def test_what_is_no_token(bench: Bench, token: str) -> None:
    bench.refused(token)


def test_claims_that_are_no_object(bench: Bench) -> None:
    from jose import jws

    signed = jws.sign(b"[1]", bench.issuer.private_pem, {"kid": bench.issuer.kid, "typ": "at+jwt"}, "ES256")
    assert "claims" in bench.refused(signed)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_no_text_breaks_it(text: str) -> None:
    with pytest.raises(NotAuthenticated):
        SHARED.verifier.verify(text)


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=70))
def test_no_segments_break_it(header: bytes, claims: bytes, signature: bytes) -> None:
    token = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in (header, claims, signature))
    with pytest.raises(NotAuthenticated):
        SHARED.verifier.verify(token.decode())


SHARED = Bench()
