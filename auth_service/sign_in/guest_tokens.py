"""The guest who signs in: their session ends, and their cart can still be merged."""

from __future__ import annotations

import re

from shared.errors import InvalidInput, NotAuthenticated
from shared.security.identity import Identity, Role
from shared.security.verifier import TokenVerifier

_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


def guest_of(token: str | None, verifier: TokenVerifier) -> Identity | None:
    """The guest whose access token it is, also of an expired one. None for a token that cannot be verified,
    because the sign-in should not fail for it. Raises `InvalidInput` for a text that is no token, and for the
    token of somebody who is not a guest."""
    if token is None:
        return None
    if not _TOKEN.fullmatch(token):
        raise InvalidInput.at("/guest_token", "This is not an access token. Send that of the guest.")
    try:
        guest = verifier.identify(token)
    except NotAuthenticated:
        return None
    if guest.role is not Role.GUEST:
        raise InvalidInput.at("/guest_token", "This is the token of an account. Send that of the guest.")
    return guest
