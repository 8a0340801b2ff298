"""Verifies access tokens: JWTs (RFC 7519) of the type `at+jwt` (RFC 9068), signed with ES256. The token's
header cannot choose another algorithm."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from jose import jws
from jose.exceptions import JWSError

from shared.clock import Clock
from shared.errors import NotAuthenticated
from shared.events.ports import EventBus
from shared.observability.metrics import TOKENS_VERIFIED
from shared.security.identity import Identity, Role, Scope, invalid_token
from shared.security.keyring import ALGORITHM, Keyring
from shared.security.revocations import Revocations

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 (a kind of token)
"""The `typ` of an access token (RFC 9068, section 2.1). Other tokens that the same keys sign, such as an id
token, are not accepted in its place."""

# The shop's tokens have some 600 characters.
_LONGEST_TOKEN = 4096
_MEMOISED = 20_000
_LEEWAY_SECONDS = 5  # the clocks of two machines may differ by this

_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{85}[AQgw]")
"""The 64 bytes of an ES256 signature in base64url, without padding and with unused bits of zero (RFC 7515,
section 2): the signature is the only part of a token that it does not protect itself."""

_UNREADABLE = (JWSError, ValueError, TypeError, AttributeError, RecursionError)
"""Exceptions of the library for a text that is not a token."""

_ROLES = frozenset(Role)
_KNOWN_SCOPES = frozenset(Scope)
_MEMO_HIT = TOKENS_VERIFIED.labels("memoised")
_VERIFIED = TOKENS_VERIFIED.labels("valid")
_REVOKED = TOKENS_VERIFIED.labels("revoked")
_REFUSED = TOKENS_VERIFIED.labels("refused")


class TokenVerifier:
    """Returns the identity of a token. It remembers a verified token until it expires, because checking a
    signature takes a hundred times as long as a look-up. It checks expiry and revocation each time."""

    def __init__(
        self, keys: Keyring, revocations: Revocations, clock: Clock, *, issuer: str, audience: str
    ) -> None:
        self._keys = keys
        self._revocations = revocations
        self._clock = clock
        self._issuer = issuer
        self._audience = audience
        self._memo: OrderedDict[str, Identity] = OrderedDict()
        self._memo_generation = 0

    async def start(self, bus: EventBus) -> None:
        """Returns once all keys and revocations are known. Raises `BusUnavailable`."""
        await self._keys.start(bus)
        await self._revocations.start(bus)

    async def stop(self) -> None:
        await self._keys.stop()
        await self._revocations.stop()

    def verify(self, token: str, *, even_ended: bool = False) -> Identity:
        """The identity that the token proves. With `even_ended` the session may have ended, but the token has
        not expired. Raises `NotAuthenticated` with the reason."""
        if len(token) > _LONGEST_TOKEN:
            _REFUSED.inc()
            raise invalid_token("The access token is too long. Sign in to get another one.")
        identity = self._remembered(token)
        if identity is None:
            identity = self._verify_first(token)
        else:
            _MEMO_HIT.inc()
        if identity.session_id in self._revocations and not even_ended:
            _REVOKED.inc()
            raise invalid_token("The session of this access token was ended. Sign in again.")
        if self._clock.now() >= identity.expires_at:
            self._memo.pop(token, None)
            raise invalid_token("The access token has expired. Get a new one with the refresh token.")
        return identity

    def identify(self, token: str) -> Identity:
        """Whose token it was, even if it has expired or its session has ended. Grants nothing. Raises
        `NotAuthenticated` for a token that the shop has not made, or whose key is gone."""
        if len(token) > _LONGEST_TOKEN:
            raise invalid_token("The access token is too long. Sign in to get another one.")
        return self._remembered(token) or self._read(token)

    def is_ended(self, session_id: str) -> bool:
        """Returns whether the session has ended. Work longer than a request asks repeatedly."""
        return session_id in self._revocations

    def end(self, session_id: str, at: datetime) -> None:
        """Refuses the session's tokens from now on, ahead of the bucket's watch."""
        self._revocations.add(session_id, at)

    def _remembered(self, token: str) -> Identity | None:
        if self._memo_generation != self._keys.generation:
            self._memo.clear()
            self._memo_generation = self._keys.generation
        return self._memo.get(token)

    def _verify_first(self, token: str) -> Identity:
        try:
            identity = self._read(token)
        except NotAuthenticated:
            _REFUSED.inc()
            raise
        _VERIFIED.inc()
        self._memo[token] = identity
        if len(self._memo) > _MEMOISED:
            self._memo.popitem(last=False)
        return identity

    def _read(self, token: str) -> Identity:
        claims = self._signed_claims(token)
        if claims.get("iss") != self._issuer:
            raise invalid_token("The access token has another issuer (iss). Sign in to this shop.")
        audience = claims.get("aud")
        if audience != self._audience and not (isinstance(audience, list) and self._audience in audience):
            raise invalid_token("The access token has another audience (aud). Sign in to this shop.")
        identity = _identity_of(claims)
        self._check_start(claims)
        return identity

    def _signed_claims(self, token: str) -> Mapping[str, Any]:
        key = self._keys.get(_key_id(token))
        if key is None:
            raise invalid_token("The key of the access token is not known. Sign in again.")
        if not _SIGNATURE.fullmatch(token.rpartition(".")[2]):
            raise invalid_token("The signature of the access token is not written as base64url (RFC 7515).")
        try:
            claims = orjson.loads(jws.verify(token, key, algorithms=[ALGORITHM]))
        except _UNREADABLE as error:
            raise invalid_token("The signature of the access token is not valid. Sign in again.") from error
        if not isinstance(claims, dict):
            raise invalid_token("The access token has no claims. Sign in again.")
        return claims

    def _check_start(self, claims: Mapping[str, Any]) -> None:
        latest = self._clock.now().timestamp() + _LEEWAY_SECONDS
        if "iat" not in claims:
            raise invalid_token("The access token lacks the claim iat.")
        for name in ("iat", "nbf", "auth_time"):
            start = claims.get(name, 0)
            if not _is_number(start) or start > latest:
                raise invalid_token(f"The access token is not valid yet ({name}). Check the clocks.")


def _key_id(token: str) -> str:
    try:
        header = jws.get_unverified_header(token)
    except _UNREADABLE as error:
        raise invalid_token("The access token is not a JSON Web Token.") from error
    if not isinstance(header, dict) or header.get("alg") != ALGORITHM:
        raise invalid_token(f"The access token must be signed with {ALGORITHM}.")
    _check_type(header.get("typ"))
    if "crit" in header:
        raise invalid_token("The access token has extensions (crit) that the shop does not know.")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise invalid_token("The access token does not name its key (kid).")
    return key_id


def _check_type(given: Any) -> None:
    """A media type is the same in upper and lower case, and `application/` may be left out (RFC 7515, section
    4.1.9)."""
    if not isinstance(given, str) or given.lower().removeprefix("application/") != ACCESS_TOKEN_TYPE:
        raise invalid_token(f"The token is not an access token: its type (typ) is not {ACCESS_TOKEN_TYPE}.")


def _identity_of(claims: Mapping[str, Any]) -> Identity:
    for name in ("sub", "sid", "role", "scope", "jti", "client_id"):
        if not isinstance(claims.get(name), str):
            raise invalid_token(f"The access token lacks the claim {name}.")
    for name in ("sub", "sid", "jti", "client_id"):
        if not claims[name]:
            raise invalid_token(f"The claim {name} of the access token is empty.")
    if claims["role"] not in _ROLES:
        raise invalid_token("The access token has an unknown role.")
    scopes = frozenset(Scope(name) for name in claims["scope"].split() if name in _KNOWN_SCOPES)
    return Identity(claims["sub"], claims["sid"], Role(claims["role"]), scopes, *_times(claims))


def _times(claims: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """When the token expires, and when its user signed in."""
    return _time(claims, "exp"), _time(claims, "auth_time")


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    if not _is_number(claims.get(name)):
        raise invalid_token(f"The access token lacks the claim {name}.")
    try:
        return datetime.fromtimestamp(claims[name], UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise invalid_token(f"The claim {name} of the access token is not a time. Sign in again.") from error


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
