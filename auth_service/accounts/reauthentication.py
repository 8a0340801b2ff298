"""Sensitive changes of those who work for the shop need a recent sign-in (RFC 9470)."""

from __future__ import annotations

from datetime import timedelta

from shared.clock import Clock
from shared.errors import NotAuthenticated, PermissionDenied
from shared.security.identity import Identity, Role

_WORK_FOR_THE_SHOP = frozenset({Role.EDITOR, Role.ADMIN})
_REALM = NotAuthenticated.default_headers["WWW-Authenticate"]


class Reauthenticate(PermissionDenied):
    """`max_age` is the longest time since the sign-in, in seconds."""

    code, title = "reauthenticate", "Sign in again"

    def __init__(self, max_age: int) -> None:
        detail = f"Sign in again: this needs a sign-in of the last {max_age} seconds."
        challenge = (
            f'{_REALM}, error="insufficient_user_authentication", '
            f'error_description="{detail}", max_age="{max_age}"'
        )
        super().__init__(detail, extra={"max_age": max_age}, headers={"WWW-Authenticate": challenge})


class RecentSignIn:
    """Whether an editor or administrator has signed in recently. A stolen access token, or a browser that was
    left open, is then no way to more power. Customers and guests are not asked."""

    def __init__(self, clock: Clock, max_age: timedelta) -> None:
        self._clock = clock
        self._max_age = max_age

    def require(self, identity: Identity) -> None:
        """Raises `Reauthenticate`."""
        age = self._clock.now() - identity.authenticated_at
        if identity.role in _WORK_FOR_THE_SHOP and age > self._max_age:
            raise Reauthenticate(int(self._max_age.total_seconds()))
