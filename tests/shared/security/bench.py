"""A verifier with one key, for tests."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from jose import jwt

from shared.errors import NotAuthenticated
from shared.events.ports import Entry
from shared.security.keyring import Keyring
from shared.security.revocations import Revocations
from shared.security.verifier import TokenVerifier
from shared.settings import ServiceSettings
from tests.support.clock import MovableClock
from tests.support.tokens import TokenIssuer

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Bench:
    """A verifier with one key, and the issuer that has it."""

    def __init__(self) -> None:
        self.clock = MovableClock(START)
        self.issuer = TokenIssuer(self.clock)
        self.keys = Keyring()
        self.revocations = Revocations(ServiceSettings(), self.clock)
        self.verifier = TokenVerifier(
            self.keys, self.revocations, self.clock, issuer="trolley", audience="trolley"
        )
        self.add_key(self.issuer)

    def add_key(self, issuer: TokenIssuer) -> None:
        self.keys.apply(Entry(issuer.kid, 1, orjson.dumps(issuer.public_jwk)))

    def remove_key(self, issuer: TokenIssuer) -> None:
        self.keys.apply(Entry(issuer.kid, 2, None))

    def token_with(self, changes: dict[str, Any]) -> str:
        """A token with other claims; one that is None is left out."""
        claims = {**jwt.get_unverified_claims(self.issuer.token()), **changes}
        present = {name: value for name, value in claims.items() if value is not None}
        headers = {"kid": self.issuer.kid, "typ": "at+jwt"}
        return str(jwt.encode(present, self.issuer.private_pem, algorithm="ES256", headers=headers))

    def refused(self, token: str) -> str:
        with pytest.raises(NotAuthenticated) as caught:
            self.verifier.verify(token)
        challenge = caught.value.headers["WWW-Authenticate"]
        assert challenge.startswith('Bearer realm="trolley", error="invalid_token", error_description="')
        challenge.encode("ascii")
        return caught.value.detail


def segment(value: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()
