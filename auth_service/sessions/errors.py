"""The refusals of sessions.

NotAuthenticated   ├── InvalidRefreshToken      unknown, expired or ended
                   └── RefreshTokenReused       spent before; its session is ended
NotFound           └── SessionNotFound
"""

from __future__ import annotations

from auth_service.accounts.errors import CHALLENGE
from shared.errors import NotAuthenticated, NotFound


class InvalidRefreshToken(NotAuthenticated):
    code, title = "invalid-refresh-token", "Refresh token not accepted"

    def __init__(self) -> None:
        super().__init__(
            "The refresh token is unknown, or its session has ended. Sign in again.", headers=CHALLENGE
        )


class RefreshTokenReused(NotAuthenticated):
    code, title = "refresh-token-reused", "Refresh token used twice"

    def __init__(self) -> None:
        super().__init__(
            "This refresh token was exchanged before, so it may be stolen, and its session has ended. "
            "Sign in again.",
            headers=CHALLENGE,
        )


class SessionNotFound(NotFound):
    code, title = "session-not-found", "Session not found"

    def __init__(self) -> None:
        super().__init__("You have no such session, or it has ended.")
